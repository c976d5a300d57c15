//! A password from the terminal, which does not show it and is afterwards as it was, also where the typing was broken off; or from
//! a pipe.
//!
//! What it is good for belongs in `token`.

use std::io::{BufRead as _, IsTerminal as _};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, bail};
use secrecy::SecretString;
use tokio::sync::oneshot;

use super::out;

/// Reads it after this prompt. When the future is dropped, the terminal is as it was.
///
/// # Errors
/// When there is none, or the terminal cannot be kept from showing it.
pub(super) async fn typed(prompt: &str) -> anyhow::Result<SecretString> {
    // Hidden first: what is typed at the prompt must not be seen.
    let hidden = if std::io::stdin().is_terminal() { Some(Hidden::begin()?) } else { None };
    if hidden.is_some() {
        out::note(prompt);
    }
    let (sender, line) = oneshot::channel();
    // Not on the runtime, whose end would wait for a line that never comes.
    thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line).map(|_| line);
        // Nobody waits any more after a signal.
        drop(sender.send(read));
    });
    let line = line.await.context("no password was given")?.context("no password was given")?;
    drop(hidden);
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("no password was given");
    }
    Ok(password.to_owned().into())
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden {
    /// Its settings as they were, in the words of `stty -g`.
    before: String,
}

impl Hidden {
    fn begin() -> anyhow::Result<Self> {
        let not_hidden = "the terminal cannot be kept from showing the password; give it by a pipe";
        let asked = stty(&["-g"]).stdin(Stdio::inherit()).stderr(Stdio::null()).output();
        let asked = asked.ok().filter(|asked| asked.status.success()).context(not_hidden)?;
        let hidden = Self { before: String::from_utf8(asked.stdout)?.trim().to_owned() };
        // The keys that would suspend or abort us without a chance to put things right do nothing meanwhile.
        let set = stty(&["-echo", "susp", "undef", "quit", "undef"]).status();
        if !set.is_ok_and(|status| status.success()) {
            bail!(not_hidden);
        }
        Ok(hidden)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        drop(stty(&[&self.before]).status());
    }
}

fn stty(arguments: &[&str]) -> Command {
    let mut command = Command::new("stty");
    command.args(arguments);
    command
}
