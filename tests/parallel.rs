//! More than one core gives the bits that the types fix, whatever the pool, and no allocation.
#![cfg(feature = "parallel")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::mem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};

use constgrad::prelude::*;
use constgrad::*;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

/// The first two have tensors of 8,192 weights, which are updated in parts.
type Net = net![Dense<64, 128, Tanh>, Dense<128, 64, Relu>, Dense<64, 10>];
type One = Trainer<Net, CrossEntropy, Adam, 96>;
type Two = ParallelTrainer<Net, CrossEntropy, Adam, 96, 48, 2>;
type Three = ParallelTrainer<Net, CrossEntropy, Adam, 96, 16, 3>;

/// Samples of a shorter batch that is split too.
const PARTIAL: usize = 42;
const _: () = {
    type Partial = ParallelTrainer<Net, CrossEntropy, Adam, PARTIAL, 21, 2>;
    assert!(Two::SPLITS && Three::SPLITS && Partial::SPLITS);
};

/// Counts what any thread allocates.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all work is the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn data(samples: usize) -> (Vec<[f32; 64]>, Vec<Class<10>>) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let x = (0..samples).map(|_| [(); 64].map(|()| rng.random_range(-1.0..1.0))).collect();
    (x, (0..samples).map(|i| Class::new(i * 7 % 10).unwrap()).collect())
}

fn net() -> Box<Net> {
    let mut net = boxed!(Net::ZERO);
    net.init(&mut Xoshiro256PlusPlus::seed_from_u64(1));
    net
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

/// All parameters, as bits.
fn bits(net: &mut Net) -> Vec<u64> {
    struct Bits(Vec<u64>);
    impl Visitor<0> for Bits {
        fn tensor<T: Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
            self.0.extend(parameters.iter().map(|parameter| parameter.to_f64().to_bits()));
        }
    }
    let mut bits = Bits(Vec::new());
    Layer::visit(net, [], &mut bits);
    bits.0
}

/// Two epochs of two batches and a shorter one: the network's bits, and the losses.
macro_rules! trained {
    ($trainer:ty) => {{
        let (x, classes) = data(2 * 96 + PARTIAL);
        let mut net = net();
        let mut trainer = boxed!(<$trainer>::new(CrossEntropy::new(), Adam::new(1e-2)));
        let losses = [(); 2].map(|()| trainer.epoch(&mut net, &x, &classes).unwrap());
        (bits(&mut net), losses, trainer.evaluate(&net, &x, &classes).unwrap())
    }};
}

/// One test: the allocator counts for the whole process.
#[test]
fn threads_change_neither_bits_nor_results_nor_memory() {
    let one = trained!(One);
    let two = pool(2).install(|| trained!(Two));
    let three = pool(2).install(|| trained!(Three));

    // The same bits from run to run, and whatever the pool.
    for threads in [1, 2, 3] {
        assert!(two == pool(threads).install(|| trained!(Two)), "2 shares, {threads} threads");
        assert!(three == pool(threads).install(|| trained!(Three)), "3 shares, {threads} threads");
    }

    // The trainer of one thread differs by rounding. Adam makes a step of a whole learning rate of
    // the sign of a gradient that is nearly 0, so weights are compared by what they make.
    for (_, losses, evaluated) in [&two, &three] {
        for (parallel, serial) in losses.iter().zip(one.1) {
            approx::assert_relative_eq!(*parallel, serial, max_relative = 1e-4);
        }
        approx::assert_relative_eq!(*evaluated, one.2, max_relative = 1e-3);
    }
    assert!(two.0 != one.0, "the sum of two shares rounds like that of one");

    clipping_and_checking_change_no_bits();

    predictions_of_any_length_are_those_of_one_thread();

    // No allocation once the pool has started: its queues grow in the first calls.
    let (x, classes) = data(96);
    let (x, classes) = (x.as_array::<96>().unwrap(), classes.as_array::<96>().unwrap());
    pool(2).install(|| {
        let (mut net, mut outputs) = (crate::net(), vec![[0.0; 10]; 96]);
        let mut trainer = boxed!(Two::new(CrossEntropy::new(), Adam::new(1e-2)));
        let mut allocations = |rounds: usize| {
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            for _ in 0..rounds {
                trainer.step(&mut net, x, classes);
                trainer.step_checked(&mut net, x, classes).unwrap();
                trainer.step_partial(&mut net, &x[..PARTIAL], &classes[..PARTIAL]).unwrap();
                trainer.step_partial(&mut net, &x[..5], &classes[..5]).unwrap();
                net.predict_batch_parallel(x, &mut outputs).unwrap();
            }
            ALLOCATIONS.load(Ordering::Relaxed) - before
        };
        let counts = [allocations(500), allocations(500), allocations(500)];
        println!("allocations: {counts:?}");
        assert_eq!(counts[1..], [0, 0]);
    });
}

/// Few samples of a network that is worth two threads, and many of a smaller one: however many are
/// left behind whole blocks.
fn predictions_of_any_length_are_those_of_one_thread() {
    fn check(net: &(impl Layer<Input = [f32; 64], Output = [f32; 10]> + Sync), x: &[[f32; 64]]) {
        let mut expected = vec![[0.0; 10]; x.len()];
        net.predict_batch(x, &mut expected).unwrap();
        for threads in [1, 2, 3] {
            let mut outputs = vec![[f32::NAN; 10]; x.len()];
            pool(threads).install(|| net.predict_batch_parallel(x, &mut outputs)).unwrap();
            assert!(outputs == expected, "{} samples, {threads} threads", x.len());
        }
    }

    let (x, _) = data(1016);
    let net = net();
    (1000..=x.len()).for_each(|samples| check(&*net, &x[..samples]));
    let mut large = boxed!(<net![Dense<64, 1000, Tanh>, Dense<1000, 10>]>::ZERO);
    large.init(&mut Xoshiro256PlusPlus::seed_from_u64(3));
    (0..=48).for_each(|samples| check(&*large, &x[..samples]));
}

/// The last sum of gradients is taken in the update's pass, unless they are clipped or checked first.
fn clipping_and_checking_change_no_bits() {
    macro_rules! check {
        ($trainer:ty) => {{
            let (x, classes) = data(96);
            let trained = |clip, checked, samples: usize| {
                let (x, classes) = (x.as_array().unwrap(), classes.as_array().unwrap());
                let mut net = net();
                let mut trainer = boxed!(<$trainer>::new(CrossEntropy::new(), Adam::new(1e-2)));
                trainer.clip = clip;
                for _ in 0..2 {
                    if samples < 96 {
                        trainer.step_partial(&mut net, &x[..samples], &classes[..samples]).unwrap();
                    } else if checked {
                        trainer.step_checked(&mut net, x, classes).unwrap();
                    } else {
                        trainer.step(&mut net, x, classes);
                    }
                }
                // In boxes: as values they are more than the stack of a thread in a debug build.
                let mut gradient = Box::new(trainer.gradient().clone());
                (bits(&mut net), bits(&mut gradient), Box::new(trainer.state().clone()))
            };
            // No gradient is as large.
            let clip = Some(Clip::Norm(1e30));
            let expected = trained(None, false, 96);
            assert!(trained(clip, false, 96) == expected, "clipped");
            assert!(trained(None, true, 96) == expected, "checked");
            assert!(trained(clip, true, 96) == expected, "clipped and checked");
            let partial = trained(None, false, PARTIAL);
            assert!(partial != expected);
            assert!(trained(clip, false, PARTIAL) == partial, "clipped, a shorter batch");
        }};
    }

    type Six = ParallelTrainer<Net, CrossEntropy, Adam, 96, 16, 6>;
    check!(Two);
    check!(Three);
    check!(Six);
}

#[test]
fn wrong_lengths_and_numbers_are_errors() {
    let (x, classes) = data(97);
    let mut net = net();
    let mut trainer = boxed!(Two::new(CrossEntropy::new(), Adam::new(1e-2)));
    let before = bits(&mut net);
    assert!(trainer.step_partial(&mut net, &x, &classes).is_err());
    assert!(trainer.step_partial(&mut net, &x[..3], &classes[..2]).is_err());
    assert!(trainer.epoch(&mut net, &x[..0], &classes[..0]).is_err());
    assert!(net.predict_batch_parallel(&x, &mut [[0.0; 10]; 3]).is_err());
    let (mut x, classes) = (*x.first_chunk::<96>().unwrap(), classes.first_chunk::<96>().unwrap());
    x[80][3] = f32::NAN;
    assert!(trainer.step_checked(&mut net, &x, classes).is_err());
    assert!(bits(&mut net) == before, "an error changed the network");
}

/// A batch that is too small to gain is taken on the caller's thread.
#[test]
fn small_batches_are_not_split() {
    /// The squared error, which knows who asked for it.
    struct Witness(Mutex<Vec<ThreadId>>);

    impl Loss<[f32; 10]> for Witness {
        type Scalar = f32;
        type Target = [f32; 10];

        fn gradient(
            &self,
            y: &[f32; 10],
            target: &[f32; 10],
            scale: f32,
            dy: &mut [f32; 10],
        ) -> f32 {
            self.0.lock().unwrap().push(thread::current().id());
            MeanSquaredError.gradient(y, target, scale, dy)
        }
    }

    /// The threads that steps of `B` samples were seen on, which a pool of two was asked for.
    fn threads<const B: usize, const PART: usize>() -> Vec<ThreadId> {
        let witness = Witness(Mutex::default());
        let mut trainer =
            Box::new(ParallelTrainer::<Net, _, _, B, PART, 2>::new(witness, Sgd::new(0.01)));
        let (x, _) = data(B);
        let mut net = net();
        for _ in 0..20 {
            trainer.step(&mut net, x.as_array().unwrap(), &[[0.5; 10]; B]);
        }
        let mut seen = mem::take(trainer.loss.0.get_mut().unwrap());
        assert_eq!(seen.len(), 20 * B);
        seen.dedup();
        seen
    }

    assert_eq!(threads::<16, 8>(), [thread::current().id()]);
    assert!(!threads::<96, 48>().contains(&thread::current().id()), "the pool's threads");
}
