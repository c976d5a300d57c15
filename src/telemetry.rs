//! Logs and metrics: set up once, flushed at the end.
//!
//! What is logged and counted is said where it happens.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogConfig, LogFormat};

/// Upper bounds in seconds of every histogram whose name ends in `_seconds`: from one answer to a whole import.
const SECONDS: [f64; 14] =
    [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 2_100.0, 7_200.0];

/// Upper bounds in seconds for how late a step begins: fine around the two seconds that nobody notices.
const LATENESS: [f64; 13] = [0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Why logs or metrics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is none; `config` checks it before.
    #[error("the log filter is not valid")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody else has set up logging in this process.
    #[error("logging is set up already")]
    Taken(#[from] tracing_subscriber::util::TryInitError),
    /// The metrics could not be set up.
    #[error("metrics cannot be set up")]
    Metrics(#[from] BuildError),
}

/// Sends the logs of the whole process to standard error, so that standard output is for data.
///
/// # Errors
/// When the filter is none, or logging was set up before.
pub fn start_logs(config: &LogConfig) -> Result<(), TelemetryError> {
    let terminal = io::stderr().is_terminal();
    let format = match config.format {
        LogFormat::Auto if terminal => LogFormat::Pretty,
        LogFormat::Auto => LogFormat::Json,
        LogFormat::Pretty | LogFormat::Json => config.format,
    };
    subscriber(format, &config.filter, io::stderr, terminal)?.try_init()?;
    Ok(())
}

/// Writes out what is not written yet; to be called on every way out.
pub fn flush() {
    // There is nowhere left to tell that standard error is gone.
    drop(io::stderr().flush());
}

fn subscriber<W>(
    format: LogFormat,
    filter: &str,
    writer: W,
    colours: bool,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    Ok(match format {
        LogFormat::Json => Box::new(
            registry.with(layer.json().flatten_event(true).with_current_span(false).with_span_list(true)),
        ),
        LogFormat::Auto | LogFormat::Pretty => {
            Box::new(registry.with(layer.with_ansi(colours).with_target(false).compact()))
        }
    })
}

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// The metrics of this process.
#[derive(Clone, Debug)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Begins to collect; later calls give the same metrics.
    ///
    /// # Errors
    /// When another recorder was installed in this process.
    pub fn start() -> Result<Self, TelemetryError> {
        static STARTING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = METRICS.get() {
            return Ok(Self(handle.clone()));
        }
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .set_buckets_for_metric(
                Matcher::Full("dataverse_renku_step_lateness_seconds".to_owned()),
                &LATENESS,
            )?
            .install_recorder()?;
        Ok(Self(METRICS.get_or_init(|| handle).clone()))
    }

    /// Everything collected, in the text form of Prometheus.
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}

/// Catches logs, so that tests can look for what must or must not be in them.
#[derive(Clone, Debug, Default)]
pub struct CapturedLogs(Arc<Mutex<Vec<u8>>>);

impl CapturedLogs {
    /// Catches everything that this thread logs, at every level, until the guard is dropped.
    pub fn of_this_thread() -> (Self, tracing::subscriber::DefaultGuard) {
        let logs = Self::default();
        let guard = logs.subscriber().set_default();
        (logs, guard)
    }

    /// Catches everything that this process logs. `None` if logging was set up before.
    pub fn of_this_process() -> Option<Self> {
        let logs = Self::default();
        logs.subscriber().try_init().ok().map(|()| logs)
    }

    fn subscriber(&self) -> Box<dyn Subscriber + Send + Sync> {
        // The filter is a constant that parses.
        subscriber(LogFormat::Json, "trace", self.clone(), false)
            .unwrap_or_else(|_never| Box::new(tracing_subscriber::registry()))
    }

    /// What was logged, one JSON object a line.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// The lines in which one of these words is; empty if no secret got into the logs.
    pub fn lines_with(&self, words: &[&str]) -> Vec<String> {
        let text = self.text();
        text.lines().filter(|line| words.iter().any(|word| line.contains(word))).map(str::to_owned).collect()
    }
}

impl io::Write for CapturedLogs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for CapturedLogs {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn json_lines_carry_the_ids_of_their_spans() {
        let (logs, _guard) = CapturedLogs::of_this_thread();
        let span = tracing::info_span!("request", request.id = "r-1");
        span.in_scope(|| {
            tracing::info_span!("step", import.id = "i-1")
                .in_scope(|| tracing::info!(elapsed_ms = 7, "Submitted"));
        });
        let line: serde_json::Value = serde_json::from_str(logs.text().trim()).unwrap();
        assert_eq!((&line["message"], &line["elapsed_ms"]), (&"Submitted".into(), &7.into()));
        assert_eq!(line["spans"][0]["request.id"], "r-1");
        assert_eq!(line["spans"][1]["import.id"], "i-1");
    }

    #[test]
    fn secrets_do_not_get_into_logs() {
        let (logs, _guard) = CapturedLogs::of_this_thread();
        let secret = SecretString::from("hunter2");
        tracing::info!(?secret, "A secret");
        assert!(logs.text().contains("A secret"));
        assert_eq!(logs.lines_with(&["hunter2"]), [] as [&str; 0]);
        tracing::info!("hunter2");
        assert_eq!(logs.lines_with(&["hunter2"]).len(), 1, "the check itself finds what is there");
    }

    #[test]
    fn pretty_lines_are_for_people_and_obey_the_filter() {
        let logs = CapturedLogs::default();
        let pretty = subscriber(LogFormat::Pretty, "warn,dataverse_renku=info", logs.clone(), false).unwrap();
        tracing::subscriber::with_default(pretty, || {
            tracing::info!(import.id = "i-1", "Imported");
            tracing::debug!("Not wished");
            tracing::info!(target: "elsewhere", "Not wished");
        });
        assert!(logs.text().contains("INFO Imported import.id=\"i-1\""), "{}", logs.text());
        assert!(!logs.text().contains("Not wished"));
    }

    #[test]
    fn metrics_are_collected_once_for_the_process() {
        let metrics = Metrics::start().unwrap();
        let again = Metrics::start().unwrap();
        metrics::histogram!("dataverse_renku_test_seconds").record(0.3);
        for text in [metrics.render(), again.render()] {
            assert!(text.contains("dataverse_renku_test_seconds_bucket{le=\"0.5\"} 1"), "{text}");
        }
    }
}
