//! Everything the simulated realm remembers: sessions, tokens given out, codes, faults ordered, requests seen.
//! How requests are answered belongs in the modules named for the endpoints.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore as _;
use serde::Serialize;

use super::keys::Key;
use super::people::Person;
use super::realm::{self, Client};
use super::{Options, REALM};
use crate::sandbox::http;

/// The simulated server.
#[derive(Debug)]
pub(super) struct Sim {
    pub(super) options: Options,
    pub(super) issuer: String,
    inner: Mutex<Inner>,
}

/// What changes while it runs.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) clients: BTreeMap<String, Client>,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) refresh: HashMap<String, Refresh>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) asked: HashMap<String, AuthRequest>,
    pub(super) devices: HashMap<String, Device>,
    /// The last one signs; all of them are published.
    pub(super) keys: Vec<Arc<Key>>,
    pub(super) faults: Vec<Fault>,
    pub(super) events: Vec<Event>,
    pub(super) disabled: BTreeSet<String>,
    /// Sessions that ended because a refresh token was used twice.
    pub(super) reused: BTreeSet<String>,
    /// By how many seconds the simulated clock is ahead.
    pub(super) ahead_s: u64,
}

/// Somebody signed in with one client.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) person: &'static Person,
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) offline: bool,
    pub(super) auth_time: u64,
}

/// A refresh token given out; the key in the map is its `jti`.
#[derive(Debug, Clone)]
pub(super) struct Refresh {
    pub(super) token: String,
    pub(super) sid: String,
    pub(super) spent: bool,
    pub(super) expires_at: u64,
}

/// What a client asked for when it sent the browser.
#[derive(Debug, Clone)]
pub(super) struct AuthRequest {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scope: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<String>,
}

/// An authorization code.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) request: AuthRequest,
    pub(super) sid: String,
    pub(super) expires_at: u64,
}

/// A device waiting for its person; the key in the map is the device code.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) user_code: String,
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) expires_at: u64,
    pub(super) last_poll: Option<u64>,
    pub(super) answer: Option<Answer>,
}

/// What somebody answered on the verification page.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    Approved(&'static Person),
    Denied,
}

/// A trap to be played on the next requests.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) name: String,
    pub(super) left: u32,
    pub(super) ms: u64,
}

/// A token request as it was seen, for `GET /_sim/events`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Event {
    pub(super) grant: String,
    pub(super) client: String,
    pub(super) user: Option<String>,
    /// The `jti` of the refresh token that was presented.
    pub(super) refresh_token: Option<String>,
    /// `ok`, `answer lost`, or the error and its description.
    pub(super) outcome: String,
}

impl Sim {
    pub(super) fn new(options: Options, base_url: &str, key: Arc<Key>) -> Self {
        let prefix = if options.auth_path { "/auth" } else { "" };
        let issuer = format!("{base_url}{prefix}/realms/{REALM}");
        let inner = Inner {
            clients: realm::clients(&options),
            sessions: HashMap::new(),
            refresh: HashMap::new(),
            codes: HashMap::new(),
            asked: HashMap::new(),
            devices: HashMap::new(),
            keys: vec![key],
            faults: Vec::new(),
            events: Vec::new(),
            disabled: BTreeSet::new(),
            reused: BTreeSet::new(),
            ahead_s: 0,
        };
        Self { options, issuer, inner: Mutex::new(inner) }
    }

    /// The only way to what changes; one request at a time.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Inner) -> R) -> R {
        act(&mut http::lock(&self.inner))
    }

    /// The address of one of the realm's protocol endpoints.
    pub(super) fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.issuer)
    }
}

impl Inner {
    /// Seconds since 1970 by the simulated clock.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(http::now().timestamp()).unwrap_or(0) + self.ahead_s
    }

    /// Takes one use of a fault, if it was ordered; says how many milliseconds it was ordered with.
    pub(super) fn take_fault(&mut self, name: &str) -> Option<u64> {
        let fault = self.faults.iter_mut().find(|fault| fault.name == name && fault.left > 0)?;
        fault.left -= 1;
        Some(fault.ms)
    }

    /// Signs somebody in with a client and says the session's id.
    pub(super) fn open_session(&mut self, person: &'static Person, client_id: &str, scope: &str) -> String {
        let sid = random(18);
        let session = Session {
            person,
            client_id: client_id.to_owned(),
            scope: scope.to_owned(),
            offline: scope.split(' ').any(|scope| scope == "offline_access"),
            auth_time: self.now(),
        };
        self.sessions.insert(sid.clone(), session);
        sid
    }

    /// The key that signs new tokens.
    pub(super) fn signing_key(&self) -> Option<Arc<Key>> {
        self.keys.last().map(Arc::clone)
    }
}

/// So many random bytes, written for addresses and tokens.
pub(super) fn random(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    rand::rngs::OsRng.fill_bytes(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer)
}
