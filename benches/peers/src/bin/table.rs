//! The table of ratios: every workload by every contender, checked first, then timed in turns.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use std::{env, fs};

use peers::workload::{Problem, Task, WORKLOADS, Workload};
use peers::{Contender, limits, peers as local, reference, remote, single};

const HELP: &str = "\
Times constgrad and its peers side by side.

  --check            hold every contender against the reference, time nothing
  --rounds N         rounds of turns (default 31)
  --turn MS          how long a turn of one contender lasts (default 10)
  --only WORD        only workloads whose name begins with it; may be repeated
  --with NAME        only this peer, and constgrad; may be repeated
  --python PROGRAM   Python with PyTorch
  --out FOLDER       where to write table.csv, table.md and ratios.svg";

/// What [`local::constgrad`] is called.
const US: &str = "constgrad";

struct Options {
    check: bool,
    rounds: usize,
    turn: Duration,
    only: Vec<String>,
    with: Vec<String>,
    python: Option<PathBuf>,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    single::thread()?;
    let mut options = Options {
        check: false,
        rounds: 31,
        turn: Duration::from_millis(10),
        only: Vec::new(),
        with: Vec::new(),
        python: None,
        out: None,
    };
    let mut line = env::args().skip(1);
    while let Some(option) = line.next() {
        let mut value = || line.next().ok_or_else(|| format!("{option}: a value is expected"));
        match &option[..] {
            "--check" => options.check = true,
            "--rounds" => options.rounds = value()?.parse()?,
            "--turn" => options.turn = Duration::from_millis(value()?.parse()?),
            "--only" => options.only.push(value()?),
            "--with" => options.with.push(value()?),
            "--python" => options.python = Some(value()?.into()),
            "--out" => options.out = Some(value()?.into()),
            "--help" | "-h" => {
                println!("{HELP}");
                return Ok(());
            }
            _ => return Err(format!("{option}: unknown; see --help").into()),
        }
    }
    compete(&options)
}

/// One contender of a workload.
struct Entry {
    name: &'static str,
    contender: Box<dyn Contender>,
    /// How often it runs in a turn.
    count: u64,
    /// Nanoseconds of each round.
    times: Vec<f64>,
}

/// A row of the table.
struct Row {
    workload: Workload,
    entries: Vec<Entry>,
}

fn compete(options: &Options) -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("constgrad-peers-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = compete_in(options, &folder);
    fs::remove_dir_all(&folder)?;
    result
}

fn compete_in(options: &Options, folder: &Path) -> Result<(), Box<dyn Error>> {
    let wanted = |workload: &Workload| {
        options.only.is_empty() || options.only.iter().any(|word| workload.name.starts_with(word))
    };
    let problems: Vec<_> = WORKLOADS.into_iter().filter(wanted).map(Problem::new).collect();
    for problem in &problems {
        remote::export(problem, folder)?;
    }
    let mut sessions = Vec::new();
    if let Some(program) = &options.python {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("pytorch.py");
        let mut command = Command::new(program);
        sessions.push(("PyTorch", remote::Session::start(command.arg(script), folder)?));
    }

    let (mut absent, mut wrong) = (Vec::new(), Vec::new());
    let mut rows = Vec::new();
    for problem in &problems {
        let workload = problem.workload;
        let local = local::all().into_iter().map(|peer| (peer.name, (peer.enter)(problem)));
        let remote =
            sessions.iter().map(|(name, session)| (*name, remote::enter(session, problem)));
        let mut entries = Vec::new();
        for (name, entered) in local.chain(remote.collect::<Vec<_>>()) {
            if name != US
                && !options.with.is_empty()
                && !options.with.iter().any(|with| with == name)
            {
                continue;
            }
            match entered {
                Err(reason) => absent.push((name, workload.name, reason)),
                Ok(mut contender) => match reference::check(problem, &mut *contender) {
                    Err(error) => wrong.push(format!("{}: {name}: {error}", workload.name)),
                    Ok(()) => entries.push(Entry { name, contender, count: 1, times: Vec::new() }),
                },
            }
        }
        let names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
        println!("{:<7} right: {}", workload.name, names.join(", "));
        if !options.check {
            time(&mut entries, options);
        }
        rows.push(Row { workload, entries });
    }
    println!();
    for line in reasons(&absent) {
        println!("absent: {line}");
    }
    for line in &wrong {
        println!("WRONG: {line}");
    }
    if !options.check {
        report(&rows, &absent, options)?;
    }
    if wrong.is_empty() { Ok(()) } else { Err("some contenders compute other numbers".into()) }
}

/// Rounds of turns: whatever else the machine does, it does to all alike.
fn time(entries: &mut [Entry], options: &Options) {
    for entry in &mut *entries {
        entry.contender.reset();
        // Twice: the first turns of some compile or allocate.
        for _ in 0..2 {
            let mut count = 1;
            let mut time = entry.contender.time(count);
            while time < options.turn / 4 {
                count *= 2;
                time = entry.contender.time(count);
            }
            let turns = options.turn.as_secs_f64() / time.as_secs_f64();
            entry.count = ((count as f64 * turns) as u64).max(1);
        }
    }
    for _ in 0..options.rounds {
        for entry in &mut *entries {
            // Training goes on from where it is: without this it would end in numbers that
            // nobody trains with.
            entry.contender.reset();
            let time = entry.contender.time(entry.count);
            entry.times.push(time.as_nanos() as f64 / entry.count as f64);
        }
    }
}

/// `name (workloads): reason`, those with the same reason in one line.
fn reasons(absent: &[(&'static str, &'static str, String)]) -> Vec<String> {
    let mut lines: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for (name, workload, reason) in absent {
        match lines.iter_mut().find(|line| line.0 == *name && line.1 == reason) {
            Some(line) => line.2.push(workload),
            None => lines.push((name, reason, vec![workload])),
        }
    }
    lines
        .iter()
        .map(|(name, why, where_)| format!("{name} ({}): {why}", where_.join(", ")))
        .collect()
}

/// The quartiles.
fn quartiles(times: &[f64]) -> [f64; 3] {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| times[(times.len() - 1) * quarter / 4])
}

/// `4`, `123`, `12,345`: nanoseconds.
fn nanoseconds(time: f64) -> String {
    if time < 10.0 {
        return format!("{time:.2}");
    }
    let digits = format!("{time:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn report(
    rows: &[Row],
    absent: &[(&'static str, &'static str, String)],
    options: &Options,
) -> Result<(), Box<dyn Error>> {
    let limits = limits::measure();
    let mut csv = String::from(
        "workload,contender,median_ns,first_quartile_ns,third_quartile_ns,ratio,gflops,fma_share,bytes_share\n",
    );
    let mut table = format!("{}\n\n", machine());
    if let Some(limits::Limits { gflops, l1, l2 }) = limits {
        writeln!(
            table,
            "Limits, measured: {gflops:.0} GFLOP/s of fused multiply-adds, {l1:.0} GB/s of loads from the \
             first-level cache, {l2:.0} GB/s from the second.\n"
        )?;
    }
    table += "| workload | ours, ns | ± % | GFLOP/s | of FMA peak | of cache bandwidth | the peers, in our times |\n";
    table += "|---|---|---|---|---|---|---|\n";
    let mut lost = Vec::new();
    let mut bars = Vec::new();
    for Row { workload, entries } in rows {
        let per = if workload.task == Task::Apply { workload.sizes[0] as f64 } else { 1.0 };
        let Some(us) = entries.iter().find(|entry| entry.name == US) else { continue };
        let mut peers = Vec::new();
        for entry in entries {
            let ratios: Vec<_> = entry.times.iter().zip(&us.times).map(|(t, us)| t / us).collect();
            let [_, ratio, _] = quartiles(&ratios);
            let [first, median, third] = quartiles(&entry.times).map(|time| time / per);
            let gflops = workload.flop() / median;
            let shares = shares(*workload, median, limits);
            let [fma, bytes] =
                shares.map(|share| share.map_or(String::new(), |s| format!("{s:.3}")));
            writeln!(
                csv,
                "{},{},{median:.3},{first:.3},{third:.3},{ratio:.3},{gflops:.2},{fma},{bytes}",
                workload.name, entry.name,
            )?;
            let name = entry.name;
            if name == US {
                continue;
            }
            peers.push((ratio, name));
            bars.push((workload.name, name, ratio));
            if ratio < 1.0 {
                lost.push(format!("{} to {name} ({ratio:.2})", workload.name));
            }
        }
        peers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let peers: Vec<_> = (peers.iter())
            .map(|(ratio, name)| {
                let text =
                    if *ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") };
                if *ratio < 1.0 { format!("**{name} {text}**") } else { format!("{name} {text}") }
            })
            .collect();
        let [first, median, third] = quartiles(&us.times).map(|time| time / per);
        let [fma, bytes] = shares(*workload, median, limits)
            .map(|share| share.map_or("–".into(), |share| format!("{:.0} %", 100.0 * share)));
        let gflops = if workload.flop() > 0.0 {
            format!("{:.1}", workload.flop() / median)
        } else {
            "–".into()
        };
        writeln!(
            table,
            "| {} {workload} | {} | {:.1} | {gflops} | {fma} | {bytes} | {} |",
            workload.name,
            nanoseconds(median),
            50.0 * (third - first) / median,
            peers.join(" · "),
        )?;
    }
    writeln!(
        table,
        "\nProcessor time, medians of {} interleaved rounds; ± is half the distance of the quartiles. A ratio is the median over \
         the rounds of a peer's time by ours in the same round: above 1 we are quicker.",
        options.rounds
    )?;
    let lost = if lost.is_empty() { "none".into() } else { lost.join(", ") };
    writeln!(table, "\nRows lost: {lost}.")?;
    if !absent.is_empty() {
        writeln!(table, "\nAbsent:\n")?;
        for line in reasons(absent) {
            writeln!(table, "- {line}")?;
        }
    }
    println!("\n{table}");
    if let Some(out) = &options.out {
        fs::create_dir_all(out)?;
        fs::write(out.join("table.csv"), csv)?;
        fs::write(out.join("table.md"), table)?;
        peers::plot::ratios(&out.join("ratios.svg"), &bars)?;
    }
    Ok(())
}

/// Of the peak of fused multiply-adds; and, for a single sample, whose every weight is loaded
/// once, of the bandwidth of the cache that holds the weights.
fn shares(workload: Workload, time: f64, limits: Option<limits::Limits>) -> [Option<f64>; 2] {
    let Some(limits) = limits else { return [None; 2] };
    let bytes = workload.weight_bytes();
    let bandwidth = if bytes <= 2 * limits::L1_BYTES { limits.l1 } else { limits.l2 };
    let fma = (workload.flop() > 0.0).then(|| workload.flop() / time / limits.gflops);
    let single = workload.task == Task::Predict && workload.batch == 1;
    [fma, single.then(|| bytes as f64 / time / bandwidth)]
}

/// Processor, compiler and date.
fn machine() -> String {
    let first = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.lines().next().map(str::to_string)
    };
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|line| line.starts_with(name))?;
        line.split_once(": ").map(|(_, value)| value.to_string())
    };
    let unknown = || "unknown".to_string();
    let vector = match field("flags") {
        Some(flags) if flags.contains("avx512f") => ", AVX-512",
        Some(flags) if flags.contains("avx2") => ", AVX2",
        _ => "",
    };
    format!(
        "{} (family {}, model {}{vector}), one thread, {}, {}, {}",
        field("model name").unwrap_or_else(unknown),
        field("cpu family").unwrap_or_else(unknown),
        field("model\t").unwrap_or_else(unknown),
        first("rustc", &["--version"]).unwrap_or_else(unknown),
        first("gcc", &["--version"]).unwrap_or_else(unknown),
        first("date", &["-u", "+%-d %B %Y"]).unwrap_or_else(unknown),
    )
}
