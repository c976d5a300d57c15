//! The ports on the store: each method names the file that does it.

use async_trait::async_trait;

use super::sql::values;
use super::{Store, changes, imports, launches, leases, ledger, people, sessions, slots, subscriptions};
use crate::domain::ids::{ImportId, InstallationName, LeaseId, PersonId, RenkuName};
use crate::domain::import::Import;
use crate::domain::ports::identity::{Credential, IdentityStore, Person, Sealed, Session, SignInAttempt};
use crate::domain::ports::launch::{Choice, Kept, LaunchStore};
use crate::domain::ports::store::{
    Change, Changed, Created, ImportCounts, ImportFilter, ImportStore, Lease, NewImport, SlotAnswer,
    StoreError, TimelineEntry,
};
use crate::domain::ports::subscriptions::{NewSubscription, Subscribed};
use crate::domain::project::RenkuApi;
use crate::domain::subscription::Edition;
use crate::domain::time::Timestamp;

#[async_trait]
impl ImportStore for Store {
    async fn create(&self, new: NewImport) -> Result<Created, StoreError> {
        imports::create(&self.db, new).await
    }

    async fn create_instead_of(&self, earlier: ImportId, new: NewImport) -> Result<Created, StoreError> {
        ledger::create_instead_of(&self.db, earlier, new).await
    }

    async fn create_and_subscribe(
        &self,
        new: NewImport,
        edition: &Edition,
        subscription: NewSubscription,
    ) -> Result<(Created, Option<Subscribed>), StoreError> {
        subscriptions::create_with_import(&self.db, new, edition, subscription).await
    }

    async fn import(&self, id: ImportId) -> Result<Option<Import>, StoreError> {
        imports::import(&self.db, id).await
    }

    async fn import_of_key(&self, person: PersonId, key: &str) -> Result<Option<Import>, StoreError> {
        imports::import_of_key(&self.db, person, key).await
    }

    async fn imports(&self, filter: &ImportFilter) -> Result<Vec<Import>, StoreError> {
        imports::imports(&self.db, filter).await
    }

    async fn timeline(&self, id: ImportId, after: i64, limit: u32) -> Result<Vec<TimelineEntry>, StoreError> {
        imports::timeline(&self.db, id, after, limit).await
    }

    async fn news(&self, after: &[(ImportId, i64)]) -> Result<Vec<(ImportId, i64)>, StoreError> {
        imports::news(&self.db, after).await
    }

    async fn lease(
        &self,
        id: ImportId,
        revision: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Lease, StoreError> {
        leases::lease(&self.db, id, revision, now, until).await
    }

    async fn hand_back(&self, id: ImportId, lease: LeaseId) -> Result<(), StoreError> {
        leases::hand_back(&self.db, id, lease).await
    }

    async fn change(
        &self,
        import: &Import,
        lease: Option<LeaseId>,
        change: Change,
    ) -> Result<Changed, StoreError> {
        changes::change(&self.db, import, lease, change).await
    }

    async fn is_next(&self, import: &Import, outstanding: u32) -> Result<bool, StoreError> {
        slots::is_next(&self.db, import, outstanding).await
    }

    async fn take_slot(
        &self,
        import: &Import,
        lease: LeaseId,
        change: Change,
        outstanding: u32,
    ) -> Result<SlotAnswer, StoreError> {
        slots::take_slot(&self.db, import, lease, change, outstanding).await
    }

    async fn next_in_line(
        &self,
        renku: &RenkuName,
        api: RenkuApi,
        outstanding: u32,
    ) -> Result<Vec<Import>, StoreError> {
        slots::next_in_line(&self.db, (renku, api), outstanding).await
    }

    async fn known_jobs(&self, renku: &RenkuName, jobs: &[String]) -> Result<Vec<String>, StoreError> {
        imports::known_jobs(&self.db, renku, jobs).await
    }

    async fn release_due_slots(&self, now: Timestamp) -> Result<Vec<(RenkuName, RenkuApi)>, StoreError> {
        slots::release_due(&self.db, now).await
    }

    async fn overdue(
        &self,
        due_before: Timestamp,
        nudged_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Import>, StoreError> {
        imports::overdue(&self.db, due_before, nudged_before, now, limit).await
    }

    async fn due(&self, after: Option<ImportId>, limit: u32) -> Result<Vec<Import>, StoreError> {
        imports::due(&self.db, after, limit).await
    }

    async fn wake(&self, person: PersonId, now: Timestamp) -> Result<Vec<Import>, StoreError> {
        changes::wake(&self.db, person, now).await
    }

    async fn count_of(&self, person: PersonId) -> Result<u64, StoreError> {
        imports::count_of(&self.db, person).await
    }

    async fn counts(&self) -> Result<ImportCounts, StoreError> {
        imports::counts(&self.db).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.db.row("SELECT 1", values![]).await.map(|_one| ())
    }
}

#[async_trait]
impl IdentityStore for Store {
    async fn put_attempt(&self, attempt: SignInAttempt, now: Timestamp) -> Result<(), StoreError> {
        sessions::put_attempt(&self.db, attempt, now).await
    }

    async fn attempt(&self, handle: &[u8; 32], now: Timestamp) -> Result<Option<SignInAttempt>, StoreError> {
        sessions::attempt(&self.db, handle, now).await
    }

    async fn take_attempt(
        &self,
        handle: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<SignInAttempt>, StoreError> {
        sessions::take_attempt(&self.db, handle, now).await
    }

    async fn signed_in(
        &self,
        person: Person,
        seal: &(dyn for<'a> Fn(PersonId, Option<&'a Credential>) -> Option<Credential> + Send + Sync),
        now: Timestamp,
    ) -> Result<Option<(Person, Vec<Import>)>, StoreError> {
        people::signed_in(&self.db, person, seal, now).await
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        people::person(&self.db, id).await
    }

    async fn person_by_subject(
        &self,
        renku: &RenkuName,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<Person>, StoreError> {
        people::person_by_subject(&self.db, renku, issuer, subject).await
    }

    async fn people(&self, limit: u32) -> Result<Vec<Person>, StoreError> {
        people::people(&self.db, limit).await
    }

    async fn credential(&self, person: PersonId) -> Result<Option<Credential>, StoreError> {
        people::credential(&self.db, person).await
    }

    async fn change_credential(&self, credential: &Credential, now: Timestamp) -> Result<bool, StoreError> {
        people::change_credential(&self.db, credential, now).await
    }

    async fn disconnecting(&self, limit: u32) -> Result<Vec<Credential>, StoreError> {
        people::disconnecting(&self.db, limit).await
    }

    async fn service_person(&self, renku: &RenkuName) -> Result<Option<Person>, StoreError> {
        people::service_person(&self.db, renku).await
    }

    async fn set_service_person(
        &self,
        person: &Person,
        now: Timestamp,
    ) -> Result<Option<Person>, StoreError> {
        people::set_service_person(&self.db, person, now).await
    }

    async fn erase(&self, person: PersonId) -> Result<(), StoreError> {
        people::erase(&self.db, person).await
    }

    async fn put_session(&self, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        sessions::put_session(&self.db, session, now).await
    }

    async fn session(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>, StoreError> {
        sessions::session(&self.db, hash, now).await
    }

    async fn end_session(&self, hash: &[u8; 32]) -> Result<(), StoreError> {
        sessions::end_session(&self.db, hash).await
    }
}

#[async_trait]
impl LaunchStore for Store {
    async fn put_launch(
        &self,
        handle: &[u8; 32],
        sealed: &Sealed,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        launches::put(&self.db, handle, sealed, until).await
    }

    async fn launch(&self, handle: &[u8; 32], now: Timestamp) -> Result<Option<Kept>, StoreError> {
        launches::launch(&self.db, handle, now).await
    }

    async fn claim_launch(
        &self,
        handle: &[u8; 32],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        launches::claim(&self.db, handle, now, until).await
    }

    async fn release_launch(&self, handle: &[u8; 32], until: Timestamp) -> Result<(), StoreError> {
        launches::release(&self.db, handle, until).await
    }

    async fn use_launch(
        &self,
        handle: &[u8; 32],
        person: PersonId,
        import: ImportId,
    ) -> Result<(), StoreError> {
        launches::use_up(&self.db, handle, person, import).await
    }

    async fn forget_launches(&self, now: Timestamp) -> Result<u64, StoreError> {
        launches::forget(&self.db, now).await
    }

    async fn choice(
        &self,
        person: PersonId,
        installation: &InstallationName,
    ) -> Result<Option<Choice>, StoreError> {
        launches::choice(&self.db, person, installation).await
    }

    async fn choices(&self, person: PersonId) -> Result<Vec<Choice>, StoreError> {
        launches::choices(&self.db, person).await
    }

    async fn forget_choice(
        &self,
        person: PersonId,
        installation: &InstallationName,
    ) -> Result<bool, StoreError> {
        launches::forget_choice(&self.db, person, installation).await
    }

    async fn remember_choice(&self, choice: &Choice) -> Result<(), StoreError> {
        launches::remember(&self.db, choice).await
    }
}
