//! The life of an import job: queued, taken by a worker, COMPLETED after the first file, pushed or failed at the end.
//! What is downloaded and how is in `download.rs`; the repository in `projects.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::Instant;

use super::Sim;
use super::download::{Metadata, Remote, THREADS, Trouble};
use super::projects::{Imported, Stat, Template};
use super::slug;
use super::state::{Job, JobState, stamp};

/// Seconds after which the queue drops a waiting job and a worker's job is killed: both leave its record as it is.
const LIMIT: f64 = 1800.0;
/// Seconds the recorded jobs took: until a worker has it, until the first file, from the last file to the push.
const TO_START: f64 = 0.15;
const TO_FIRST_FILE: f64 = 0.6;
const TO_PUSH: f64 = 0.9;

fn failed(text: impl Into<String>) -> Trouble {
    Trouble::Failed(text.into())
}

impl Sim {
    /// Drives one job to its end, or to where it stays for ever.
    pub(super) async fn run_job(self: Arc<Self>, id: String) {
        let queued = Instant::now();
        tokio::time::sleep(self.seconds(TO_START)).await;
        let Ok(_worker) = self.workers.acquire().await else { return };
        if queued.elapsed() > self.seconds(LIMIT) {
            self.state().change_job(&id, |job| job.ended = true);
            return;
        }
        let (job, stuck, job_ms) = {
            let mut state = self.state();
            state.change_job(&id, |job| {
                job.state = JobState::InProgress;
                job.running = true;
            });
            (state.jobs.get(&id).cloned(), state.plays("job_stuck").is_some(), state.mode.job_ms)
        };
        let Some(job) = job.filter(|_| !stuck) else {
            self.state().change_job(&id, |job| job.ended = true);
            return;
        };
        let work = async {
            match job_ms {
                Some(ms) => self.fixed_life(&job, Duration::from_millis(ms)).await,
                None => self.work(&job).await,
            }
        };
        // The limit has a floor, so that a fast clock does not kill what a slow machine still does.
        let limit = self
            .seconds(LIMIT)
            .max(Duration::from_secs(20))
            .max(Duration::from_millis(job_ms.unwrap_or(0) * 2));
        let trouble = match tokio::time::timeout(limit, work).await {
            Ok(Ok(())) => return,
            Ok(Err(trouble)) => trouble,
            Err(_elapsed) => Trouble::Stuck,
        };
        self.state().change_job(&id, |job| {
            job.ended = true;
            if let Trouble::Failed(text) = trouble {
                job.state = JobState::Failed;
                job.extra("error", text);
            }
        });
    }

    async fn work(&self, job: &Job) -> Result<(), Trouble> {
        self.check_project(job)?;
        let metadata = self.metadata(&job.dataset_uri).await?;
        let mut imported = self.prepare(job, &metadata)?;
        tokio::time::sleep(self.seconds(TO_FIRST_FILE)).await;
        imported.files = self.download(job, &metadata, &imported.data_directory).await?;
        tokio::time::sleep(self.seconds(TO_PUSH)).await;
        self.finish(job, imported)
    }

    /// The same shape without bytes: half the time in progress, half of it falsely completed.
    async fn fixed_life(&self, job: &Job, life: Duration) -> Result<(), Trouble> {
        self.check_project(job)?;
        let metadata = self.known_metadata(&job.dataset_uri).await?;
        let mut imported = self.prepare(job, &metadata)?;
        tokio::time::sleep(life / 2).await;
        for file in &metadata.files {
            let stat = Stat { size: file.size, md5: String::new(), sha256: String::new() };
            imported.files.insert(format!("{}/{}", imported.data_directory, file.name), stat);
        }
        self.state().change_job(&job.id, |job| job.state = JobState::Completed);
        tokio::time::sleep(life / 2).await;
        self.finish(job, imported)
    }

    fn check_project(&self, job: &Job) -> Result<(), Trouble> {
        let mut state = self.state();
        if state.plays("dirty_clone").is_some() {
            return Err(failed(
                "The renku directory .renku contains uncommitted changes.\nPlease use \"git\" command to resolve.\nFiles within .renku directory need to be manually committed or removed.",
            ));
        }
        let version = &self.options.core_version;
        match state.projects.get(&job.project).map(|project| project.template) {
            Some(Template::Outdated) => Err(failed(
                "Project version is outdated and a migration is required.\nRun `renku migrate` command to fix the issue.",
            )),
            Some(Template::Future) => Err(failed(
                "Project is not supported by this version of Renku.\nUpgrade to the latest version of Renku.",
            )),
            Some(Template::TooNew) => Err(failed(format!(
                "You are using renku version {version} but this project requires at least version 99.0.0. Please upgrade renku to work on this project."
            ))),
            Some(Template::Renku | Template::Plain) => Ok(()),
            None => Err(Trouble::Stuck),
        }
    }

    /// Slug and directory, checked before anything is downloaded.
    fn prepare(&self, job: &Job, metadata: &Metadata) -> Result<Imported, Trouble> {
        let slug = job.slug.clone().unwrap_or_else(|| slug::from_title(&metadata.title, &metadata.version));
        if !slug::is_valid(&slug) {
            let hint = slug::normalised(&slug);
            return Err(failed(format!(
                "Invalid parameter value - Dataset slug '{slug}' is not valid (Hint: '{hint}' is valid)."
            )));
        }
        let state = self.state();
        if state.projects.get(&job.project).is_some_and(|p| p.has_dataset(&job.user, &job.branch, &slug)) {
            return Err(failed(format!("Dataset exists: '{slug}'")));
        }
        let directory = job.data_directory.clone().unwrap_or_else(|| format!("data/{slug}"));
        if directory.starts_with('/') || directory.split('/').any(|part| part == "..") {
            return Err(failed("Invalid parameter value - Datadir must be inside repository."));
        }
        Ok(Imported {
            slug,
            title: metadata.title.clone(),
            version: metadata.version.clone(),
            description: metadata.description.clone(),
            created_at: stamp(),
            data_directory: directory.trim_end_matches('/').to_owned(),
            files: BTreeMap::new(),
        })
    }

    /// All files or nothing. Folders are dropped, so equal names overwrite each other.
    async fn download(
        &self,
        job: &Job,
        metadata: &Metadata,
        directory: &str,
    ) -> Result<BTreeMap<String, Stat>, Trouble> {
        let pace = self.file_pace(metadata.files.len());
        let fetches = stream::iter(metadata.files.clone()).map(|file| async move {
            let stat = self.fetch_for(job, &file).await;
            tokio::time::sleep(pace).await;
            stat.map(|stat| (file, stat))
        });
        let mut running = fetches.buffer_unordered(THREADS);
        let (mut files, mut lost) = (BTreeMap::new(), false);
        while let Some(fetched) = running.next().await {
            match fetched {
                Ok((file, stat)) => {
                    files.insert(format!("{directory}/{}", file.name), stat);
                }
                // The other threads still finish theirs.
                Err(Trouble::Stuck) => lost = true,
                Err(trouble) => return Err(trouble),
            }
            self.undisturbed(job)?;
        }
        if lost { Err(Trouble::Stuck) } else { Ok(files) }
    }

    async fn fetch_for(&self, job: &Job, file: &Remote) -> Result<Stat, Trouble> {
        let progress = |chunk: u64| {
            self.state().change_job(&job.id, |job| {
                job.extra("description", file.name.clone());
                job.extra("total_size", file.size);
                job.extra("progress_size", chunk.min(16_384));
            });
        };
        let stat = self.fetch(file, progress).await?;
        // Said after each file; commit and push are still to come.
        self.state().change_job(&job.id, |job| job.state = JobState::Completed);
        Ok(stat)
    }

    fn undisturbed(&self, job: &Job) -> Result<(), Trouble> {
        let disturbed = self.state().jobs.get(&job.id).is_some_and(|job| job.disturbed);
        if disturbed { Err(failed("Cannot pull changes from remote")) } else { Ok(()) }
    }

    fn finish(&self, job: &Job, imported: Imported) -> Result<(), Trouble> {
        self.undisturbed(job)?;
        let mut state = self.state();
        let Some(project) = state.projects.get_mut(&job.project) else { return Err(Trouble::Stuck) };
        let branch = project.push(&job.user, &job.branch, imported).map_err(failed)?;
        state.change_job(&job.id, |job| {
            job.extra("remote_branch", branch);
            job.state = JobState::Completed;
            job.ended = true;
        });
        Ok(())
    }
}
