//! How an example shows that it is at work.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over the epochs of a training, with a message; nothing where there is no terminal.
pub fn bar(epochs: u32) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:32} epoch {pos}/{len}  {msg}")
        .expect("the template is valid");
    ProgressBar::new(u64::from(epochs)).with_style(style)
}
