//! Contenders in a process of their own, such as PyTorch: they speak in lines.
//!
//! `enter NAME` is answered by `ok` or `no REASON`; `reset NAME` by `ok`; `time NAME COUNT` by the
//! nanoseconds of that many turns; `numbers NAME` by `ok`, after they were written to the file
//! `NAME.out` in the folder, 32-bit floats of the machine's byte order. The folder has `NAME.json`
//! with the workload and `NAME.f32` with [`Problem::flat`].

use std::cell::RefCell;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use crate::Contender;
use crate::workload::{Loss, Optimizer, Problem, Task};

/// The process of a peer.
pub struct Session {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Session {
    /// Starts `command`; the folder is its last argument.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command, folder: &Path) -> io::Result<Rc<RefCell<Self>>> {
        let command = command.arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let gone = || io::Error::other("no pipe to the peer's process");
        let input = child.stdin.take().ok_or_else(gone)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(gone)?);
        Ok(Rc::new(RefCell::new(Session { child, input, output, folder: folder.into() })))
    }

    /// One line there, one line back.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn ask(&mut self, line: &str) -> io::Result<String> {
        writeln!(self.input, "{line}")?;
        self.input.flush()?;
        let mut answer = String::new();
        if self.output.read_line(&mut answer)? == 0 {
            return Err(io::Error::other(format!("the peer's process ended at `{line}`")));
        }
        Ok(answer.trim_end().to_string())
    }

    fn must(&mut self, line: &str) -> String {
        self.ask(line).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Name of a workload in a file's name and on a line: without its blank.
fn word(name: &str) -> String {
    name.replace(' ', "-")
}

/// Writes what a process of another language needs to know.
///
/// # Errors
/// If the folder cannot be written.
pub fn export(problem: &Problem, folder: &Path) -> io::Result<()> {
    let workload = problem.workload;
    let (task, loss, optimizer, lr) = match workload.task {
        Task::Predict => ("predict", None, None, None),
        Task::Apply => ("apply", None, None, None),
        Task::Train(loss, optimizer) => {
            let (optimizer, lr) = match optimizer {
                Optimizer::Sgd(lr) => ("sgd", lr),
                Optimizer::Adam(lr) => ("adam", lr),
            };
            let loss = match loss {
                Loss::CrossEntropy => "cross entropy",
                Loss::MeanSquaredError => "mean squared error",
            };
            // As it reads in decimal, not the nearest f32.
            ("train", Some(loss), Some(optimizer), Some(lr.to_string()))
        }
    };
    let description = json!({
        "sizes": workload.sizes,
        "activation": format!("{:?}", workload.activation).to_lowercase(),
        "batch": workload.batch,
        "task": task,
        "loss": loss,
        "optimizer": optimizer,
        "lr": lr,
    });
    let path = |end: &str| folder.join(word(workload.name) + end);
    fs::write(path(".json"), description.to_string())?;
    fs::write(path(".f32"), bytes(&problem.flat()))
}

/// As in memory.
fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

struct Remote {
    session: Rc<RefCell<Session>>,
    word: String,
}

/// `problem` as the process does it.
///
/// # Errors
/// Why it does not.
pub fn enter(
    session: &Rc<RefCell<Session>>,
    problem: &Problem,
) -> Result<Box<dyn Contender>, String> {
    let word = word(problem.workload.name);
    let answer =
        session.borrow_mut().ask(&format!("enter {word}")).map_err(|error| error.to_string())?;
    match answer.strip_prefix("no ") {
        Some(reason) => Err(reason.into()),
        None => Ok(Box::new(Remote { session: session.clone(), word })),
    }
}

impl Contender for Remote {
    fn once(&mut self) {
        self.time(1);
    }

    fn reset(&mut self) {
        self.session.borrow_mut().must(&format!("reset {}", self.word));
    }

    fn numbers(&mut self) -> Vec<f32> {
        let mut session = self.session.borrow_mut();
        session.must(&format!("numbers {}", self.word));
        let path = session.folder.join(format!("{}.out", self.word));
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (numbers, _) = bytes.as_chunks::<4>();
        numbers.iter().map(|&bytes| f32::from_ne_bytes(bytes)).collect()
    }

    fn time(&mut self, count: u64) -> Duration {
        let answer = self.session.borrow_mut().must(&format!("time {} {count}", self.word));
        Duration::from_nanos(answer.parse().unwrap_or_else(|_| panic!("`{answer}`: no time")))
    }
}
