//! One thread: every peer is told so before it starts its own.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

const ONE: [&str; 3] = ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"];

/// Starts this program again with one thread for everyone, unless it was started so.
///
/// # Errors
/// If it cannot be started again.
pub fn thread() -> io::Result<()> {
    if ONE.iter().all(|name| std::env::var_os(name).is_some_and(|value| value == "1")) {
        return Ok(());
    }
    let mut line = std::env::args_os();
    let _ = line.next();
    Err(Command::new(std::env::current_exe()?).args(line).envs(ONE.map(|name| (name, "1"))).exec())
}
