//! Launches and what people chose last: kept, taken by one, used once, forgotten.

use dataverse_renku::domain::ids::{ImportId, InstallationName, PersonId};
use dataverse_renku::domain::ports::identity::{IdentityStore as _, Sealed};
use dataverse_renku::domain::ports::launch::{Choice, Kept, LaunchStore as _};
use dataverse_renku::domain::project::RenkuApi;
use dataverse_renku::domain::time::Timestamp;
use futures_util::future::join_all;

use super::bench::{Bench, T0, after};
use super::identity::{sign_in_as, somebody};

const HANDLE: [u8; 32] = [9; 32];

fn sealed() -> Sealed {
    Sealed(vec![0, 1, 2, 0xff])
}

fn demo() -> InstallationName {
    "demo".parse().unwrap()
}

fn choice(person: PersonId, from: &str, project: &str, at: Timestamp) -> Choice {
    Choice {
        person,
        installation: from.parse().unwrap(),
        renku: "main".parse().unwrap(),
        api: RenkuApi::Data,
        project: format!("https://renku.example/p/anna/{project}").parse().unwrap(),
        at,
    }
}

pub(super) async fn a_launch_is_there_until_its_hour_is_over_and_used_once(bench: &Bench) {
    let store = &bench.store;
    store.put_launch(&HANDLE, &sealed(), after(60)).await.unwrap();
    assert_eq!(store.launch(&HANDLE, after(59)).await.unwrap(), Some(Kept::Open(sealed())));
    assert_eq!(store.launch(&[8; 32], T0).await.unwrap(), None);
    let (anna, import) = (PersonId::new(T0), ImportId::new(T0));
    store.use_launch(&HANDLE, anna, import).await.unwrap();
    store.use_launch(&HANDLE, PersonId::new(T0), ImportId::new(T0)).await.unwrap();
    let used = Some(Kept::Used { person: anna, import });
    assert_eq!(store.launch(&HANDLE, T0).await.unwrap(), used, "the first use stays");
    assert_eq!(store.launch(&HANDLE, after(60)).await.unwrap(), None);
    store.put_launch(&[7; 32], &sealed(), after(61)).await.unwrap();
    assert_eq!(store.forget_launches(after(60)).await.unwrap(), 1);
    assert_eq!(store.launch(&[7; 32], T0).await.unwrap(), Some(Kept::Open(sealed())), "its hour is not over");
}

pub(super) async fn of_many_confirmations_at_once_one_has_its_turn(bench: &Bench) {
    let store = &bench.store;
    store.put_launch(&HANDLE, &sealed(), after(3600)).await.unwrap();
    let answers = join_all((0..30).map(|n| store.claim_launch(&HANDLE, T0, after(60 + n)))).await;
    let until: Vec<_> =
        (0..30).zip(&answers).filter(|(_, got)| *got.as_ref().unwrap()).map(|(n, _)| n).collect();
    let [winner] = until[..] else { panic!("{answers:?}") };
    let claim = async |now: Timestamp| store.claim_launch(&HANDLE, now, after(600)).await.unwrap();
    assert!(!claim(after(59)).await, "its turn goes on");
    store.release_launch(&HANDLE, after(9)).await.unwrap();
    assert!(!claim(after(59)).await, "nobody gives back another's turn");
    store.release_launch(&HANDLE, after(60 + winner)).await.unwrap();
    assert!(claim(after(59)).await, "given back, it is the next one's");
    assert!(!claim(after(599)).await);
    assert!(claim(after(600)).await, "of somebody who died it ends by itself");
    store.release_launch(&HANDLE, after(600)).await.unwrap();
    store.use_launch(&HANDLE, PersonId::new(T0), ImportId::new(T0)).await.unwrap();
    assert!(!claim(after(601)).await, "nothing is left to confirm");
    assert!(!store.claim_launch(&[1; 32], T0, after(60)).await.unwrap(), "there is no such launch");
    store.put_launch(&[2; 32], &sealed(), after(10)).await.unwrap();
    assert!(!store.claim_launch(&[2; 32], after(10), after(60)).await.unwrap(), "its hour is over");
}

pub(super) async fn the_last_choice_is_remembered_for_each_installation_and_forgotten(bench: &Bench) {
    let store = &bench.store;
    let anna = sign_in_as(bench, somebody("s-1"), T0).await.id;
    let ben = sign_in_as(bench, somebody("s-2"), T0).await.id;
    assert_eq!(store.choice(anna, &demo()).await.unwrap(), None);
    store.remember_choice(&choice(anna, "demo", "old", after(1))).await.unwrap();
    store.remember_choice(&choice(anna, "other", "ice", after(2))).await.unwrap();
    store.remember_choice(&choice(ben, "demo", "own", after(4))).await.unwrap();
    let newest = choice(anna, "demo", "new", after(3));
    store.remember_choice(&newest).await.unwrap();
    assert_eq!(
        store.choice(anna, &demo()).await.unwrap(),
        Some(newest.clone()),
        "in place of the earlier one"
    );
    let all = store.choices(anna).await.unwrap();
    assert_eq!(all, [newest, choice(anna, "other", "ice", after(2))], "the latest first");

    assert!(store.forget_choice(anna, &demo()).await.unwrap());
    assert!(!store.forget_choice(anna, &demo()).await.unwrap(), "it is gone");
    assert_eq!(store.choices(anna).await.unwrap().len(), 1);
    assert_eq!(store.choices(ben).await.unwrap().len(), 1, "nobody else's");
    store.erase(anna).await.unwrap();
    assert!(store.choices(anna).await.unwrap().is_empty(), "erased with the sign-in");
}
