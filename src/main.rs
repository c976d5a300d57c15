//! The command `dataverse-renku`.

use std::process::ExitCode;

fn main() -> ExitCode {
    dataverse_renku::cli::main()
}
