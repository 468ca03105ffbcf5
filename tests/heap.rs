//! Nothing is allocated: init, predict, predict_batch, step and evaluate under a counting
//! allocator.

mod counting;

use std::hint::black_box;

use constgrad::prelude::*;
use constgrad::*;
use counting::allocations;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

/// Uses every verb on a network: none may allocate.
fn use_network<N, L, O>(
    mut trainer: Trainer<N, L, O, 8>,
    inputs: &[N::Input],
    targets: &[L::Target],
) where
    N: Layer,
    L: Loss<N::Output>,
    O: Optimizer,
{
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut net = boxed(N::ZERO);
    let (batches, _) = inputs.as_chunks::<8>();
    let (target_batches, _) = targets.as_chunks::<8>();
    let mut outputs: Vec<_> = inputs.iter().map(|_| N::Output::ZERO).collect();
    trainer.clip = Some(Clip::Norm(1.0));

    let found = [
        allocations(|| net.init(&mut rng)),
        allocations(|| net.predict(&inputs[0])),
        allocations(|| net.predict_batch(inputs, &mut outputs).unwrap()),
        allocations(|| trainer.step(&mut net, &batches[0], &target_batches[0])),
        allocations(|| trainer.step_checked(&mut net, &batches[0], &target_batches[0]).is_ok()),
        allocations(|| trainer.step_partial(&mut net, &inputs[..5], &targets[..5]).unwrap()),
        allocations(|| trainer.epoch(&mut net, inputs, targets).unwrap()),
        allocations(|| trainer.evaluate(&net, inputs, targets).unwrap()),
    ];
    assert_eq!(found, [0; 8], "{:?}", N::layers());
}

fn boxed<N>(net: N) -> Box<N> {
    Box::new(net)
}

#[test]
fn no_verb_allocates() {
    let x = [[0.5; 16]; 27];
    type Deep = net![Dense<16, 9, Gelu>, Dense<9, 9, Softmax>, Dense<9, 5, Tanh>, Dense<5, 3>];
    let labels = [Class::<3>::new(2).unwrap(); 27];
    let (values, answers) = ([[0.5; 3]; 27], [[1.0, 0.0, 0.5]; 27]);

    use_network::<Deep, _, _>(Trainer::new(CrossEntropy::new(), Adam::new(0.01)), &x, &labels);
    use_network::<Deep, _, _>(Trainer::new(MeanSquaredError, Sgd::new(0.01)), &x, &values);
    use_network::<Deep, _, _>(
        Trainer::new(MeanAbsoluteError, Sgd::new(0.01).nesterov(0.9)),
        &x,
        &values,
    );
    use_network::<Deep, _, _>(Trainer::new(Huber::new(0.5), RmsProp::new(0.01)), &x, &values);
    use_network::<Deep, _, _>(Trainer::new(BinaryCrossEntropy, Adagrad::new(0.01)), &x, &answers);
    use_network::<Deep, _, _>(Trainer::new(MeanSquaredError, AdamW::new(0.01)), &x, &values);
}

#[test]
fn no_activation_allocates() {
    let (x, values) = ([[0.5; 6]; 11], [[0.5; 3]; 11]);
    macro_rules! each {
        ($($first:ident $($more:ident)*;)*) => {$({
            type Net = net![Dense<6, 19, $first>, $(Dense<19, 19, $more>,)* Dense<19, 3>];
            let trainer = Trainer::new(MeanSquaredError, Sgd::new(0.01).momentum(0.9));
            use_network::<Net, _, _>(trainer, &x, &values);
            let mut net = Net::ZERO;
            let mut online = OnlineSgd::<Net, _>::new(MeanSquaredError, 0.1);
            assert_eq!(allocations(|| online.step(&mut net, &x[0], &values[0])), 0);
        })*};
    }
    each! {
        Identity Relu LeakyRelu Elu Selu;
        Gelu GeluTanh Silu Sigmoid HardSigmoid;
        Tanh HardTanh Softplus Softsign Softmax;
    }
}

#[test]
fn a_large_network_does_not_allocate_either() {
    type Large = net![Dense<784, 128, Relu>, Dense<128, 64, Relu>, Dense<64, 10>];
    let work = || {
        let x = vec![[0.5; 784]; 27];
        let labels = vec![Class::<10>::new(2).unwrap(); 27];
        use_network::<Large, _, _>(Trainer::new(CrossEntropy::new(), Adam::new(0.01)), &x, &labels);
    };
    std::thread::Builder::new().stack_size(64 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn weights_are_read_and_refused_without_allocating() {
    use weights::{Names, SafeTensors};

    type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
    let file: &[u8] = include_bytes!("../examples/data/digits.safetensors");
    let mut net = boxed(Net::ZERO);
    let mut read = |file, names| allocations(|| black_box(weights::read(&mut *net, file, names)));
    let found = [
        read(file, Names::SEQUENTIAL),
        read(&file[..9000], Names::SEQUENTIAL),
        read(&file[..50], Names::SEQUENTIAL),
        read(file, Names::prefix("actor.")),
        read(file, Names::list(&["one"])),
        allocations(|| SafeTensors::parse(file).unwrap().get("2.bias").unwrap().number(3)),
    ];
    assert_eq!(found, [0; 6]);
    assert!(net.1.bias().iter().any(|&bias| bias != 0.0), "the first was read");
}

#[test]
fn summaries_and_lists_are_written_without_allocating() {
    use std::fmt::Write;

    struct Sink;
    impl Write for Sink {
        fn write_str(&mut self, _: &str) -> std::fmt::Result {
            Ok(())
        }
    }
    type Net = net![Dense<16, 9, Gelu>, Dense<9, 3>];
    assert_eq!(allocations(|| write!(Sink, "{}{:?}", Net::summary(), Net::layers())), 0);
}
