//! Derivatives by central differences, and how well backpropagation agrees with them.

use std::array;
use std::collections::BTreeSet;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::problem::{Case, Losses, Part};
use crate::reference::Branch;

/// Points for each network type at which every part of the vector has derivatives to be seen.
const POINTS: usize = 100;

/// The relative error that is too large.
const TOLERANCE: f64 = 1e-6;

/// h. The differences' truncation grows with h⁸ and their rounding with 1/h; tried out, the worst
/// of both together is smallest at 2⁻⁷.
const STEP: f64 = 1.0 / 128.0;

/// The smallest derivative that differences can see, for a J of 1. They add up J at eight points,
/// with factors whose magnitudes sum to 2.1/h; each J is rounded by ε at the least: below this, that
/// alone makes an error that is too large, whatever the order of the differences. A smaller
/// derivative, if it is not zero, is held to what can be seen, and another one is drawn.
const VISIBLE: f64 = 4.0 * f64::EPSILON / STEP / TOLERANCE;

/// One derivative of so many may be drawn again for being too small.
const INVISIBLE: usize = 30;

/// The relative error of J that is too large.
const LOSS_TOLERANCE: f64 = 1e-12;

/// What was checked, and how well it agreed.
#[derive(Debug, Default)]
pub struct Tally {
    pub points: usize,
    /// Those where a layer is dead, or its derivatives are too small to be seen.
    pub dead_points: usize,
    pub derivatives: usize,
    /// Those of them that are zero, to the last bit, by backpropagation and by differences.
    pub zeros: usize,
    /// Derivatives given up for another because they are not zero but below [`VISIBLE`].
    pub invisible: usize,
    /// Directions that were given up for another, because a kink was in the way.
    pub stepped_around: usize,
    pub worst_derivative: f64,
    pub worst_loss: f64,
    pub branches: BTreeSet<Branch>,
}

impl Tally {
    /// That what was given up is little.
    pub fn check(&self) {
        assert!(self.invisible * INVISIBLE < self.derivatives, "{} too small", self.invisible);
    }

    pub fn add(&mut self, other: Tally) {
        self.points += other.points;
        self.dead_points += other.dead_points;
        self.derivatives += other.derivatives;
        self.zeros += other.zeros;
        self.invisible += other.invisible;
        self.stepped_around += other.stepped_around;
        self.worst_derivative = self.worst_derivative.max(other.worst_derivative);
        self.worst_loss = self.worst_loss.max(other.worst_loss);
        self.branches.extend(other.branches);
    }
}

/// Checks a case at [`POINTS`] points where every part has derivatives, and at those that are met
/// on the way to them: along random directions and a random coordinate at every point, and along
/// every single coordinate once.
pub fn check(case: &mut dyn Case, seed: u64, tally: &mut Tally) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let parts = case.parts();
    let len = parts.last().map_or(0, |part| part.range.end);
    let whole = Part { name: "all numbers".into(), range: 0..len };
    let part_of = |i: usize| parts.iter().find(|part| part.range.contains(&i));

    let mut unchecked: Vec<usize> = (0..len).collect();
    let (mut points, mut live) = (0, 0);
    while live < POINTS || !unchecked.is_empty() {
        // A network whose gradient is zero gets no further than this.
        assert!(
            points < 20 * POINTS,
            "{}: of {points} points only {live} had a gradient in every layer, and {} coordinates \
             never had one that could be seen",
            case.name(),
            unchecked.len()
        );
        points += 1;
        let mut point = Point::draw(case, &mut rng, tally);
        let alive = parts.iter().all(|part| point.size(part) > point.visible());
        let [a, b, c] = array::from_fn(|_| &parts[rng.random_range(0..parts.len())]);
        let checked = [&whole, a, b]
            .map(|part| {
                point.agrees_somewhere(part, tally, || random_direction(part, len, &mut rng))
            })
            .into_iter()
            .chain([
                point.agrees_somewhere(c, tally, || unit(len, rng.random_range(c.range.clone())))
            ])
            .all(|checked| checked);
        if alive {
            unchecked.retain(|&coordinate| {
                let part = part_of(coordinate).expect("every coordinate is in a part");
                point.agrees(part, &unit(len, coordinate), tally) != Seen::Derivative
            });
        } else {
            tally.dead_points += 1;
        }
        live += usize::from(alive && checked);
    }
}

fn unit(len: usize, coordinate: usize) -> Vec<f64> {
    let mut direction = vec![0.0; len];
    direction[coordinate] = 1.0;
    direction
}

/// A direction of length 1 that changes every number of a part by as much.
fn random_direction(part: &Part, len: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    let size = 1.0 / (part.range.len() as f64).sqrt();
    let mut direction = vec![0.0; len];
    direction[part.range.clone()].fill_with(|| if rng.random() { size } else { -size });
    direction
}

/// What of a derivative could be compared.
#[derive(PartialEq)]
enum Seen {
    /// A kink is in the way, or it is too small.
    Nothing,
    /// That it is exactly zero.
    Zero,
    Derivative,
}

/// A point, and what backpropagation says there.
struct Point<'a> {
    case: &'a mut dyn Case,
    at: Vec<f64>,
    loss: f64,
    branches: Vec<Branch>,
    gradient: Vec<f64>,
}

impl<'a> Point<'a> {
    fn draw(case: &'a mut dyn Case, rng: &mut Xoshiro256PlusPlus, tally: &mut Tally) -> Self {
        let at = case.draw(rng);
        let Losses { loss, reference, branches } = case.loss(&at);
        let gradient = case.gradient(&at);
        let error = (loss - reference).abs() / reference.abs().max(1.0);
        assert!(error < LOSS_TOLERANCE, "{}: J is {loss}, not {reference}", case.name());
        tally.points += 1;
        tally.worst_loss = tally.worst_loss.max(error);
        tally.branches.extend(&branches);
        Point { case, at, loss, branches, gradient }
    }

    /// The root mean square of the derivatives in a part.
    fn size(&self, part: &Part) -> f64 {
        let squares = self.gradient[part.range.clone()].iter().map(|g| g * g);
        (squares.sum::<f64>() / part.range.len() as f64).sqrt()
    }

    /// The smallest derivative that differences can see.
    fn visible(&self) -> f64 {
        VISIBLE * self.loss.abs().max(1.0)
    }

    /// Checks the derivative along the first of some directions along which it can be seen, or
    /// returns `false` if there is none.
    fn agrees_somewhere(
        &mut self,
        part: &Part,
        tally: &mut Tally,
        mut direction: impl FnMut() -> Vec<f64>,
    ) -> bool {
        (0..10).any(|_| self.agrees(part, &direction(), tally) != Seen::Nothing)
    }

    /// Checks the derivative along `direction`, as far as it can be seen.
    fn agrees(&mut self, part: &Part, direction: &[f64], tally: &mut Tally) -> Seen {
        let Some(numeric) = self.difference(direction) else {
            tally.stepped_around += 1;
            return Seen::Nothing;
        };
        let analytic: f64 = self.gradient.iter().zip(direction).map(|(g, v)| g * v).sum();
        if (analytic, numeric) == (0.0, 0.0) {
            tally.derivatives += 1;
            tally.zeros += 1;
            return Seen::Zero;
        }
        let size = analytic.abs().max(numeric.abs());
        let error = (analytic - numeric).abs() / size.max(self.visible());
        assert!(
            error < TOLERANCE,
            "{}: the derivative along {} is {analytic:e} by backpropagation and {numeric:e} by \
             differences, a relative error of {error:.1e}",
            self.case.name(),
            part.name
        );
        if size < self.visible() {
            tally.invisible += 1;
            return Seen::Nothing;
        }
        tally.derivatives += 1;
        tally.worst_derivative = tally.worst_derivative.max(error);
        Seen::Derivative
    }

    /// The derivative of J along `direction`, from J at eight points, or `None` if they and the
    /// middle do not all lie on the same smooth branch of every function with kinks. If they do,
    /// all values are those of one smooth function, whatever there is between the points.
    fn difference(&mut self, direction: &[f64]) -> Option<f64> {
        let mut j = |t: f64| {
            let at: Vec<f64> = self.at.iter().zip(direction).map(|(x, v)| x + t * v).collect();
            let j = self.case.loss(&at);
            (j.branches == self.branches).then_some(j.loss)
        };
        let mut across = |steps: f64| Some(j(steps * STEP)? - j(-steps * STEP)?);
        let (first, second, third, fourth) =
            (across(1.0)?, across(2.0)?, across(3.0)?, across(4.0)?);
        Some((672.0 * first - 168.0 * second + 32.0 * third - 3.0 * fourth) / (840.0 * STEP))
    }
}
