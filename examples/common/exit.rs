//! How an example ends.

use std::error::Error;
use std::process::ExitCode;

/// Runs an example: any error becomes one line on standard error and exit code 2.
pub fn run(example: impl FnOnce() -> Result<(), Box<dyn Error>>) -> ExitCode {
    match example() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
