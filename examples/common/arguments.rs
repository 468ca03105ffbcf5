//! How an example reads its command line.

use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;

use lexopt::{Parser, ValueExt};

/// The value of an option, or an error that names the option.
pub fn value<T: FromStr<Err: Display>>(
    option: &str,
    arguments: &mut Parser,
) -> Result<T, Box<dyn Error>> {
    let value = arguments.value()?.string()?;
    value.parse().map_err(|error| format!("--{option} {value}: {error}").into())
}
