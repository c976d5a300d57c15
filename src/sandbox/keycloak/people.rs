//! The people who have an account in the simulated realm.
//! What they have signed in to belongs in `state`.

/// Somebody with an account in the realm; the password is never asked for.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// The name to sign in with.
    pub username: &'static str,
    /// The stable subject identifier in every token.
    pub sub: &'static str,
    /// Given name.
    pub given_name: &'static str,
    /// Family name.
    pub family_name: &'static str,
}

impl Person {
    /// The address in the claim `email`.
    pub fn email(&self) -> String {
        format!("{}@example.org", self.username)
    }

    /// The full name in the claim `name`.
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// Finds somebody by user name or e-mail address.
    pub fn find(login: &str) -> Option<&'static Self> {
        PEOPLE.iter().find(|person| person.username == login || person.email() == login)
    }
}

/// Everybody with an account in the realm.
pub const PEOPLE: [Person; 4] = [
    Person {
        username: "alice",
        sub: "0a11ce00-5f1c-4d0e-9c38-7a6c4a4f0001",
        given_name: "Alice",
        family_name: "Amsler",
    },
    Person {
        username: "bob",
        sub: "0b0b0000-5f1c-4d0e-9c38-7a6c4a4f0002",
        given_name: "Bob",
        family_name: "Brunner",
    },
    Person {
        username: "carol",
        sub: "0ca20100-5f1c-4d0e-9c38-7a6c4a4f0003",
        given_name: "Carol",
        family_name: "Clément",
    },
    Person {
        username: "dave",
        sub: "0da7e000-5f1c-4d0e-9c38-7a6c4a4f0004",
        given_name: "Dave",
        family_name: "Dürr",
    },
];
