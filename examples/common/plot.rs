//! How an example draws a curve.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

/// One line of a plot: a name, and the value at each x.
pub type Curve<'a> = (&'a str, Vec<(f64, f64)>);

/// Draws curves into an SVG file; an error names it.
pub fn curves(
    path: &Path,
    title: &str,
    x: &str,
    y: &str,
    curves: &[Curve],
) -> Result<(), Box<dyn Error>> {
    draw(path, title, x, y, curves).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn draw(
    path: &Path,
    title: &str,
    x: &str,
    y: &str,
    curves: &[Curve],
) -> Result<(), Box<dyn Error>> {
    let points = || curves.iter().flat_map(|(_, points)| points);
    let range = |of: fn(&(f64, f64)) -> f64| {
        let (low, high) = points()
            .map(of)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let margin = 0.04 * (high - low);
        low - margin..high + margin
    };

    let area = SVGBackend::new(path, (720, 440)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(range(|p| p.0), range(|p| p.1))?;
    chart.configure_mesh().light_line_style(TRANSPARENT).x_desc(x).y_desc(y).draw()?;
    for (index, (name, points)) in curves.iter().enumerate() {
        let color = Palette99::pick(index).to_rgba().stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), color))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .border_style(TRANSPARENT)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    area.present()?;
    Ok(())
}
