//! Places in a step where a test may stop the process, to see that a death there loses and doubles nothing.
//!
//! In production nothing stops anywhere.

use async_trait::async_trait;

use crate::domain::import::Phase;

/// A place in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Just before the call to the other system that the step is for.
    BeforeEffect,
    /// The call was answered and nothing of it is stored.
    AfterEffect,
    /// The result is stored and nobody was nudged.
    AfterCommit,
    /// The next step was nudged and the delivery is not acknowledged.
    AfterPublish,
}

impl Point {
    /// The name in the setting that stops a process here.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeEffect => "before-effect",
            Self::AfterEffect => "after-effect",
            Self::AfterCommit => "after-commit",
            Self::AfterPublish => "after-publish",
        }
    }
}

/// Hears of each place that a step passes.
#[async_trait]
pub trait Breakpoints: Send + Sync {
    /// A step that began in `phase` is at this place. Returns when the step may go on.
    async fn reached(&self, phase: Phase, point: Point);

    /// Something that is no step of an import is at this place, named as in `resume.after-begin`. Returns when it may go on.
    async fn passes(&self, _place: &'static str) {}
}

/// Stops nowhere.
#[derive(Debug)]
pub struct NoBreakpoints;

#[async_trait]
impl Breakpoints for NoBreakpoints {
    async fn reached(&self, _phase: Phase, _point: Point) {}
}

/// Stops for good at one place of one phase and says so on standard error, for a test that then kills the process.
#[derive(Debug)]
pub struct HaltAt {
    /// `PHASE.POINT`, as in `submitting.after-effect`.
    pub place: String,
}

#[async_trait]
impl Breakpoints for HaltAt {
    async fn reached(&self, phase: Phase, point: Point) {
        if self.place == format!("{phase}.{}", point.as_str()) {
            self.halt().await;
        }
    }

    async fn passes(&self, place: &'static str) {
        if self.place == place {
            self.halt().await;
        }
    }
}

impl HaltAt {
    async fn halt(&self) {
        tracing::error!(place = %self.place, "halted as asked");
        std::future::pending::<()>().await;
    }
}
