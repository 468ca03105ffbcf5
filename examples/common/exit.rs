//! How an example ends.

use std::error::Error;
use std::io;
use std::process::ExitCode;

/// Runs an example: any error becomes one line on standard error and exit code 2. A reader of its
/// output who has read enough, such as `head`, is no error.
pub fn run(example: impl FnOnce() -> Result<(), Box<dyn Error>>) -> ExitCode {
    let enough = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    match example() {
        Err(error) if !error.downcast_ref().is_some_and(enough) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::SUCCESS,
    }
}
