//! Every derivative held against central differences, for random network types with every
//! activation and every loss, at 100 random points each.
//!
//! The loss of a network is a function J of one vector, the parameters followed by the inputs.
//! Backpropagation gives its derivative along a direction; differences of J give it too.

mod batches;
mod differences;
mod layers;
mod nesting;
mod networks;
mod problem;
mod reference;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::{mem, thread};

use crate::differences::{Tally, check};
use crate::networks::networks;
use crate::reference::Branch;

#[test]
fn backpropagation_agrees_with_differences() {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let every_from = |first: usize| {
        let mut tally = Tally::default();
        for (seed, mut case) in (0..).zip(networks()).skip(first).step_by(threads) {
            check(&mut *case, seed, &mut tally);
        }
        tally
    };
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let workers = (0..threads).map(|first| scope.spawn(move || every_from(first)));
        for worker in workers.collect::<Vec<_>>() {
            tally.add(worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    let branches = mem::take(&mut tally.branches);
    println!("{tally:#?}");
    tally.check();
    for branch in &branches {
        for below in 0..=branch.kinks {
            let other = Branch { below, ..*branch };
            assert!(branches.contains(&other), "never met: {other:?}");
        }
    }
}

#[test]
fn every_kind_of_network_occurs() {
    let (mut types, mut activations, mut losses) =
        (BTreeSet::new(), BTreeMap::<_, usize>::new(), BTreeMap::<_, usize>::new());
    let (mut depths, mut widths, mut largest) = (BTreeSet::new(), BTreeSet::new(), 0);
    for case in &networks() {
        let layers = case.layers();
        types.insert(case.name());
        *losses.entry(case.loss_name()).or_default() += 1;
        depths.insert(layers.len());
        for layer in layers {
            *activations.entry(layer.activation.name).or_default() += 1;
            widths.extend([layer.inputs(), layer.outputs()]);
            largest = largest.max(case.batch() * layer.inputs() * layer.outputs());
        }
    }
    println!("{activations:#?}\n{losses:#?}\nwidths {widths:?}");
    assert!(types.len() >= 100, "{} different types", types.len());
    assert_eq!(activations.len(), 15, "an activation is missing");
    assert_eq!(losses.len(), 6, "a loss is missing");
    assert!(depths.into_iter().eq(1..=6), "a depth is missing");
    assert_eq!((widths.first(), widths.last()), (Some(&1), Some(&32)));
    // Several blocks of columns, of several tiles each.
    assert!(largest >= 4096, "no layer is large: {largest}");
}
