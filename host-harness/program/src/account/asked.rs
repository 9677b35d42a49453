//! Questions to whoever sits at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

/// Longest answer, in bytes.
const MOST: u64 = 4096;

/// An answer that is not shown while it is typed; a line of the standard input where that is no terminal.
///
/// # Errors
/// Nobody can be asked.
pub fn hidden(question: &str) -> io::Result<String> {
    if io::stdin().is_terminal() {
        eprint!("{question} ");
        io::stderr().flush()?;
        return rpassword::read_password();
    }
    line()
}

/// An answer.
///
/// # Errors
/// Nobody can be asked.
pub fn shown(question: &str, out: &mut dyn Write) -> io::Result<String> {
    write!(out, "{question} ")?;
    out.flush()?;
    line()
}

fn line() -> io::Result<String> {
    let mut text = String::new();
    io::Read::take(io::stdin().lock(), MOST).read_line(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
