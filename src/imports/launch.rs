//! Somebody comes from a Dataverse: what they bring is checked, redeemed at once and kept for an hour. Starts no import.
//!
//! A callback lives five minutes and a sign-in may take longer, so it is redeemed before anybody signs in. What is kept is found
//! by a handle of 256 bits in the page's address, which only its hash leaves behind here. It holds no right of anybody, not even
//! their name: signed addresses are used at once and never stored. So the handle is bound to no browser, and a link that is
//! carried to another tab or browser goes on there; whoever has it may look at a public dataset, and sees under which name and into
//! which of their own projects they import before they confirm. Who confirms first uses it up.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::Engine;
use super::breaker::Upstream;
use super::preflight::{Recognised, Versions};
use super::run_step::store_fault;
use crate::domain::ids::{ImportId, InstallationName, PersonId};
use crate::domain::launch::{Arrival, Callback, CallbackRefused, Launch, Redeemed, Seen};
use crate::domain::pid::Pid;
use crate::domain::ports::launch::{Kept, LaunchSource, LaunchStore, Sealer};
use crate::domain::problem::{Class, Fault, Problem, ProblemCode};

/// How long a launch is kept: a sign-in of twenty minutes and some thinking fit in.
const LIFE: Duration = Duration::from_hours(1);

/// An installation as people come from it.
#[derive(Clone)]
pub struct Door {
    /// What people call it.
    pub title: String,
    /// Its address.
    pub site: Url,
    /// How to ask it about a launch.
    pub source: Arc<dyn LaunchSource>,
}

impl Door {
    /// Its front page.
    pub fn front_page(&self) -> &str {
        self.site.as_str()
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("site", &self.site.as_str()).finish_non_exhaustive()
    }
}

/// The use cases from the button in Dataverse to an import; clones share them.
#[derive(Clone)]
pub struct Launches {
    pub(super) engine: Engine,
    pub(super) store: Arc<dyn LaunchStore>,
    pub(super) versions: Arc<Versions>,
    pub(super) recognised: Arc<Recognised>,
    sealer: Arc<dyn Sealer>,
    doors: Arc<BTreeMap<InstallationName, Door>>,
}

impl fmt::Debug for Launches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launches").field("doors", &self.doors).finish_non_exhaustive()
    }
}

/// A launch that was kept.
#[derive(Debug)]
pub struct Received {
    /// Names it in the address of its page.
    pub handle: SecretString,
    /// The language of the Dataverse's pages, if it told.
    pub locale: Option<String>,
}

/// A launch that leads nowhere, and the way back.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub fault: Fault,
    /// The dataset's page, or the front page of the installation, if it is known.
    pub back: Option<String>,
}

/// What a handle opens.
#[derive(Clone, Debug)]
pub enum Opened {
    /// A launch that nobody has used yet.
    Fresh(Launch),
    /// An import came of it.
    Used {
        /// By whom.
        person: PersonId,
        /// Which.
        import: ImportId,
    },
}

impl Launches {
    /// The use cases over these parts.
    pub fn new(
        engine: Engine,
        store: Arc<dyn LaunchStore>,
        sealer: Arc<dyn Sealer>,
        doors: BTreeMap<InstallationName, Door>,
    ) -> Self {
        Self {
            engine,
            store,
            versions: Arc::default(),
            recognised: Arc::default(),
            sealer,
            doors: Arc::new(doors),
        }
    }

    /// The installations from which people come.
    pub fn doors(&self) -> &BTreeMap<InstallationName, Door> {
        &self.doors
    }

    /// Takes what a browser brought from Dataverse: `query` is that of the address, as it was sent.
    ///
    /// # Errors
    /// Named problems of the link, of the dataset or of the installation. No request is sent before the address is checked.
    pub async fn receive(&self, installation: &str, query: &str) -> Result<Received, Refused> {
        let known = installation.parse().ok().and_then(|name| self.doors.get_key_value(&name));
        let Some((name, door)) = known else {
            let fault = Fault::user(ProblemCode::InstallationUnknown).saying(installation);
            return Err(Refused { fault, back: None });
        };
        let front = || Some(door.front_page().to_owned());
        let (launch, locale) = match Arrival::of_query(query) {
            Arrival::Nothing => {
                let fault = Fault::user(ProblemCode::LaunchInvalid).saying("it says nothing of a dataset");
                return Err(Refused { fault, back: front() });
            }
            Arrival::Hints { dataset, version } => {
                let pid: Pid = dataset.parse().map_err(|_no_pid| Refused {
                    fault: Fault::user(ProblemCode::PidInvalid),
                    back: front(),
                })?;
                (Launch { installation: name.clone(), pid, version, seen: None }, None)
            }
            Arrival::Callback(text) => {
                let callback = Callback::decode(&text, &door.site).map_err(|why| refused(&why, front()))?;
                let back = page_of_number(&door.site, callback.dataset_id());
                let locale = locale_of(query);
                let redeemed = self.redeem(name, door, &callback, locale.as_deref()).await;
                redeemed.map_err(|fault| Refused { fault, back: Some(back) })?
            }
        };
        let handle = self.keep(&launch).await.map_err(|fault| Refused { fault, back: front() })?;
        tracing::info!(installation = %name, dataset = %launch.pid, seen = launch.seen.is_some(), "somebody came from Dataverse");
        metrics::counter!("dataverse_renku_launches_total", "installation" => name.to_string()).increment(1);
        Ok(Received { handle, locale })
    }

    async fn redeem(
        &self,
        name: &InstallationName,
        door: &Door,
        callback: &Callback,
        locale: Option<&str>,
    ) -> Result<(Launch, Option<String>), Fault> {
        let upstream = Upstream::Dataverse(name.clone());
        let Redeemed { pid, version, locale: told, look } =
            self.engine.guarded(upstream, door.source.redeem(callback, locale)).await?;
        // The right to look lives for minutes and is the person's: it is used now and not kept.
        let seen: Option<Seen> = match look {
            None => None,
            Some(look) => match door.source.look(&look).await {
                Ok(seen) => Some(seen),
                Err(fault) => {
                    tracing::info!(installation = %name, problem.code = %fault.problem.code, "the version cannot be looked at as the person sees it");
                    None
                }
            },
        };
        Ok((Launch { installation: name.clone(), pid, version, seen }, told))
    }

    async fn keep(&self, launch: &Launch) -> Result<SecretString, Fault> {
        let handle: SecretString = URL_SAFE_NO_PAD.encode(self.engine.chance.secret_bytes()).into();
        let row = hash(&handle);
        let text = serde_json::to_string(launch).map_err(|error| {
            Fault::new(Class::Permanent, Problem::new(ProblemCode::Internal)).caused_by(error)
        })?;
        let sealed = self.sealer.seal(&text.into(), &hex(&row))?;
        let until = self.engine.clock.now().plus(LIFE);
        self.store.put_launch(&row, &sealed, until).await.map_err(store_fault)?;
        Ok(handle)
    }

    /// What this handle opens.
    ///
    /// # Errors
    /// `launch-unknown`; a fault of the store.
    pub async fn open(&self, handle: &SecretString) -> Result<Opened, Fault> {
        let unknown = || Fault::user(ProblemCode::LaunchUnknown);
        let row = hash(handle);
        let kept = self.store.launch(&row, self.engine.clock.now()).await.map_err(store_fault)?;
        match kept.ok_or_else(unknown)? {
            Kept::Used { person, import } => Ok(Opened::Used { person, import }),
            Kept::Open(sealed) => {
                // Without its key it is as good as over: the person clicks again.
                let text =
                    self.sealer.open(&sealed, &hex(&row)).map_err(|fault| unknown().caused_by(fault))?;
                let launch = serde_json::from_str(text.expose_secret()).map_err(|_another_shape| {
                    unknown().saying("it was kept by another version of this service")
                })?;
                Ok(Opened::Fresh(launch))
            }
        }
    }

    /// Erases launches whose hour is over; for the background.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn forget_old(&self) -> Result<u64, Fault> {
        self.store.forget_launches(self.engine.clock.now()).await.map_err(store_fault)
    }
}

fn refused(why: &CallbackRefused, back: Option<String>) -> Refused {
    let code = match why {
        CallbackRefused::Unreadable(_) => ProblemCode::LaunchInvalid,
        CallbackRefused::Foreign(_) => ProblemCode::LaunchForeign,
    };
    tracing::warn!(problem.code = %code, why = %why, "a launch was not followed");
    Refused { fault: Fault::user(code).saying(why.to_string()), back }
}

fn locale_of(query: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == "locale").map(|(_, value)| value.into_owned())
}

/// The dataset's page by Dataverse's number, where no PID is known (Dataverse: `dataset.xhtml`, parameter `id`).
fn page_of_number(site: &Url, dataset_id: i64) -> String {
    format!("{}/dataset.xhtml?id={dataset_id}", site.as_str().trim_end_matches('/'))
}

/// What is stored of a handle.
pub(super) fn hash(handle: &SecretString) -> [u8; 32] {
    Sha256::digest(handle.expose_secret().as_bytes()).into()
}

/// The hash as text.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}
