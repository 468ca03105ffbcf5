//! Plots as SVG, legible on a light and on a dark page.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

/// Colours that differ in lightness too.
const COLOURS: [&str; 13] = [
    "#2f6db3", "#d1662a", "#3f9950", "#b83c54", "#8462b8", "#8c6d1f", "#c867a3", "#6b7680",
    "#2a9da8", "#a4a52a", "#1f3f77", "#7a2f1a", "#e0a93b",
];
const GREY: &str = "#888888";

/// A picture of the given size, with text in `GREY`.
struct Svg(String);

impl Svg {
    fn new(width: f64, height: f64) -> Self {
        Svg(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n"
        ))
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, colour: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>"
        );
    }

    fn line(&mut self, a: (f64, f64), b: (f64, f64), colour: &str, width: f64) {
        let ((x1, y1), (x2, y2)) = (a, b);
        let _ = writeln!(
            self.0,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\" \
             stroke-width=\"{width}\"/>"
        );
    }

    /// A mark of contender or curve `i`: where the colours begin again, a ring.
    fn dot(&mut self, (x, y): (f64, f64), i: usize) {
        let colour = COLOURS[i % COLOURS.len()];
        let fill = if i < COLOURS.len() { colour } else { "none" };
        let _ = writeln!(
            self.0,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{fill}\" stroke=\"{colour}\" \
             stroke-width=\"2\"/>"
        );
    }

    fn write(mut self, path: &Path) -> io::Result<()> {
        self.0 += "</svg>\n";
        fs::write(path, self.0)
    }
}

/// A row for each workload with a dot for each peer at (workload, peer, ratio); logarithmic.
///
/// # Errors
/// If the file cannot be written.
pub fn ratios(path: &Path, bars: &[(&str, &str, f64)]) -> io::Result<()> {
    let mut rows: Vec<&str> = bars.iter().map(|bar| bar.0).collect();
    rows.dedup();
    let mut names: Vec<&str> = Vec::new();
    for bar in bars {
        if !names.contains(&bar.1) {
            names.push(bar.1);
        }
    }
    let (left, top, width, step) = (70.0, 66.0, 690.0, 26.0);
    let bottom = top + step * rows.len() as f64;
    let smallest = bars.iter().map(|bar| bar.2).fold(1.0, f64::min);
    let largest = bars.iter().map(|bar| bar.2).fold(2.0, f64::max);
    let (low, high) = ((smallest * 0.9).ln(), (largest * 1.1).ln());
    let at = |ratio: f64| left + width * (ratio.ln() - low) / (high - low);
    let mut svg = Svg::new(left + width + 20.0, bottom + 44.0);
    for (i, name) in names.iter().enumerate() {
        let (x, y) = (left + 116.0 * (i % 6) as f64, 16.0 + 18.0 * (i / 6) as f64);
        svg.dot((x, y - 4.0), i);
        svg.text(x + 9.0, y, "start", GREY, name);
    }
    for tick in [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0]
    {
        if tick > smallest * 0.9 && tick < largest * 1.1 {
            let wide = if tick == 1.0 { 1.5 } else { 0.4 };
            svg.line((at(tick), top - 8.0), (at(tick), bottom), GREY, wide);
            svg.text(at(tick), bottom + 16.0, "middle", GREY, &format!("{tick}"));
        }
    }
    svg.text(
        left + width / 2.0,
        bottom + 36.0,
        "middle",
        GREY,
        "time of a peer by that of constgrad: to the right of 1 constgrad is quicker",
    );
    for (r, row) in rows.iter().enumerate() {
        let y = top + step * (r as f64 + 0.5);
        svg.text(left - 12.0, y + 4.0, "end", GREY, row);
        svg.line((left, y), (left + width, y), GREY, 0.3);
        for (i, name) in names.iter().enumerate() {
            for bar in bars.iter().filter(|bar| bar.0 == *row && bar.1 == *name) {
                svg.dot((at(bar.2), y), i);
            }
        }
    }
    svg.write(path)
}

/// One curve: its name, and its points in rising x.
pub type Curve = (String, Vec<(f64, f64)>);

/// Axes: what they say, and whether they are logarithmic.
pub struct Axes {
    pub title: String,
    pub x: &'static str,
    pub y: &'static str,
    pub logarithmic: bool,
}

/// Panels of curves, one above the other.
///
/// # Errors
/// If the file cannot be written.
pub fn curves(path: &Path, panels: &[(Axes, Vec<Curve>)]) -> io::Result<()> {
    let (left, width, tall) = (70.0, 690.0, 300.0);
    let mut svg = Svg::new(left + width + 20.0, tall * panels.len() as f64);
    for (p, (axes, curves)) in panels.iter().enumerate() {
        let (top, bottom) = (tall * p as f64 + 48.0, tall * (p + 1) as f64 - 46.0);
        let points = || curves.iter().flat_map(|curve| &curve.1);
        let scale = |value: f64| if axes.logarithmic { value.ln() } else { value };
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
        };
        let (x0, x1) = range(&mut points().map(|point| point.0));
        let (mut y0, mut y1) = range(&mut points().map(|point| point.1));
        (y0, y1) = if axes.logarithmic { (y0 / 1.2, y1 * 1.2) } else { (0.0, y1 * 1.05) };
        let across = |x: f64| left + width * (scale(x) - scale(x0)) / (scale(x1) - scale(x0));
        let up =
            |y: f64| bottom - (bottom - top) * (scale(y) - scale(y0)) / (scale(y1) - scale(y0));
        svg.text(left, top - 30.0, "start", GREY, &format!("{}: {}", axes.y, axes.title));
        for (i, (name, _)) in curves.iter().enumerate() {
            let (x, y) = (left + 170.0 * i as f64, top - 12.0);
            svg.dot((x + 5.0, y - 4.0), i);
            svg.text(x + 14.0, y, "start", GREY, name);
        }
        svg.line((left, bottom), (left + width, bottom), GREY, 1.0);
        svg.line((left, top), (left, bottom), GREY, 1.0);
        for x in ticks(x0, x1, axes.logarithmic) {
            svg.line((across(x), bottom), (across(x), bottom + 4.0), GREY, 1.0);
            svg.text(across(x), bottom + 17.0, "middle", GREY, &format!("{x}"));
        }
        for y in ticks(y0, y1, axes.logarithmic) {
            svg.line((left, up(y)), (left + width, up(y)), GREY, 0.3);
            svg.text(left - 8.0, up(y) + 4.0, "end", GREY, &format!("{y}"));
        }
        svg.text(left + width / 2.0, bottom + 36.0, "middle", GREY, axes.x);
        for (i, (_, points)) in curves.iter().enumerate() {
            let colour = COLOURS[i % COLOURS.len()];
            let path: Vec<_> =
                points.iter().map(|&(x, y)| format!("{:.1},{:.1}", across(x), up(y))).collect();
            let _ = writeln!(
                svg.0,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>",
                path.join(" ")
            );
        }
    }
    svg.write(path)
}

/// Round numbers in `low..=high`.
fn ticks(low: f64, high: f64, logarithmic: bool) -> Vec<f64> {
    if logarithmic {
        let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let dense = high / low < 2000.0;
        let steps: &[f64] = if dense { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let all = decades.flat_map(|d| {
            // From text, so that 10⁻¹ · 2 reads 0.2.
            steps.iter().map(move |s| format!("{s}e{d}").parse::<f64>().unwrap_or(f64::NAN))
        });
        return all.filter(|tick| (low..=high).contains(tick)).collect();
    }
    let rough = (high - low) / 6.0;
    let unit = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|s| s * unit).into_iter().find(|&s| s >= rough).unwrap_or(unit);
    let first = (low / step).ceil() as i64;
    (first..).map(|i| i as f64 * step).take_while(|&tick| tick <= high).collect()
}
