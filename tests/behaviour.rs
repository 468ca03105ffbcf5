//! What a user relies on besides the numbers: bad input, non-finite numbers, reports, labels.

use constgrad::prelude::*;
use constgrad::*;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

type Net = net![Dense<3, 8, Tanh>, Dense<8, 4, Relu>, Dense<4, 2>];

fn trained_a_little() -> (Net, Trainer<Net, MeanSquaredError, Adam, 4>) {
    let mut net = Net::ZERO;
    net.init(&mut Xoshiro256PlusPlus::seed_from_u64(5));
    let mut trainer = Trainer::new(MeanSquaredError, Adam::new(0.01));
    trainer.step(&mut net, &[[0.1, 0.2, 0.3]; 4], &[[1.0, -1.0]; 4]);
    (net, trainer)
}

#[test]
fn trainers_show_what_may_be_set() {
    let (_, mut trainer) = trained_a_little();
    trainer.clip = Some(Clip::Norm(0.5));
    let shown = format!("{trainer:?}");
    let adam = format!("{:?}", trainer.optimizer);
    assert_eq!(
        shown,
        format!(
            "Trainer {{ loss: MeanSquaredError, optimizer: {adam}, clip: Some(Norm(0.5)), .. }}"
        )
    );
    let online = OnlineSgd::<Net, _>::new(MeanSquaredError, 0.1);
    assert_eq!(format!("{online:?}"), "OnlineSgd { loss: MeanSquaredError, lr: 0.1, .. }");
}

#[test]
fn slices_of_other_lengths_are_refused_and_change_nothing() {
    let (mut net, mut trainer) = trained_a_little();
    let before = net.clone();
    let (x, t) = ([[0.5; 3]; 6], [[0.5; 2]; 6]);

    let mut y = [[7.0; 2]; 5];
    let error = net.predict_batch(&x, &mut y).unwrap_err();
    assert_eq!(error.to_string(), "5 outputs found, 6 expected");
    assert_eq!(y, [[7.0; 2]; 5]);

    let error = trainer.step_partial(&mut net, &x[..5], &t[..5]).unwrap_err();
    assert_eq!(error.to_string(), "5 inputs found, 1 to 4 expected");
    let error = trainer.step_partial(&mut net, &x[..0], &t[..0]).unwrap_err();
    assert_eq!(error.to_string(), "0 inputs found, 1 to 4 expected");
    let error = trainer.step_partial(&mut net, &x[..3], &t[..2]).unwrap_err();
    assert_eq!(error.to_string(), "2 targets found, 3 expected");
    let error = trainer.epoch(&mut net, &x, &t[..2]).unwrap_err();
    assert_eq!(error.to_string(), "2 targets found, 6 expected");
    let error = trainer.evaluate(&net, &x[..0], &t[..0]).unwrap_err();
    assert_eq!(error.to_string(), "0 inputs found, at least 1 expected");
    assert_eq!(net, before);
}

#[test]
fn nan_and_infinity_reach_the_output() {
    fn outputs<Act: Activation>() -> [[f32; 2]; 3] {
        let mut net = <net![Dense<3, 5, Act>, Dense<5, 4, Act>, Dense<4, 2>]>::ZERO;
        net.init(&mut Xoshiro256PlusPlus::seed_from_u64(5));
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY].map(|x| net.predict(&[x, 0.5, 0.5]))
    }
    macro_rules! all {
        ($($act:ident)*) => { [$((stringify!($act), outputs::<$act>())),*] };
    }
    for (name, [nan, up, down]) in all!(
        Identity Relu LeakyRelu Elu Selu Gelu GeluTanh Silu Sigmoid HardSigmoid Tanh HardTanh
        Softplus Softsign Softmax
    ) {
        assert!(nan.iter().all(|y| y.is_nan()), "{name}: {nan:?}");
        // An infinity may saturate, grow or cancel, but what is finite must come from saturation.
        let saturates = ["Sigmoid", "HardSigmoid", "Tanh", "HardTanh", "Softsign"];
        let finite = up.iter().chain(&down).all(|y| y.is_finite());
        assert_eq!(finite, saturates.contains(&name), "{name}: {up:?} {down:?}");
    }
}

#[test]
fn a_checked_step_refuses_a_loss_that_is_no_number() {
    let (mut net, mut trainer) = trained_a_little();
    let (before, state) = (net.clone(), trainer.state().clone());
    for bad in [f32::NAN, f32::INFINITY, 1e30] {
        let t = [[1.0, 0.0], [0.0, bad], [1.0, 0.0], [0.0, 1.0]];
        let error = trainer.step_checked(&mut net, &[[0.5; 3]; 4], &t).unwrap_err();
        assert!(!error.loss.is_finite());
        assert!(error.to_string().starts_with("a loss of "), "{error}");
        assert_eq!((&net, trainer.state()), (&before, &state));
    }
    // Tanh takes infinity to 1 and the loss stays finite, but 0 · ∞ in the gradient is NaN.
    let x = [[f32::INFINITY, 0.5, 0.5]; 4];
    let error = trainer.step_checked(&mut net, &x, &[[1.0, 0.0]; 4]).unwrap_err();
    assert!(error.loss.is_finite());
    assert_eq!((&net, trainer.state()), (&before, &state));

    let loss = trainer.step_checked(&mut net, &[[0.5; 3]; 4], &[[1.0, 0.0]; 4]).unwrap();
    assert!(loss.is_finite() && net != before);

    // The unchecked step lets it through, for the caller to see.
    assert!(trainer.step(&mut net, &[[f32::NAN; 3]; 4], &[[1.0, 0.0]; 4]).is_nan());
    assert!(net.predict(&[0.0; 3]).iter().all(|y| y.is_nan()));
}

#[test]
fn a_partial_step_is_a_step_on_fewer_samples() {
    let x = [[0.1, 0.2, 0.3], [-0.5, 0.4, 0.9], [0.7, -0.2, 0.1]];
    let t = [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]];
    let train = |partial: bool| {
        let mut net = Net::ZERO;
        net.init(&mut Xoshiro256PlusPlus::seed_from_u64(5));
        let mut loss = 0.0;
        let mut full = Trainer::<Net, _, _, 3>::new(MeanSquaredError, Sgd::new(0.1));
        let mut larger = Trainer::<Net, _, _, 7>::new(MeanSquaredError, Sgd::new(0.1));
        for _ in 0..10 {
            loss = match partial {
                false => full.step(&mut net, &x, &t),
                true => larger.step_partial(&mut net, &x, &t).unwrap(),
            };
        }
        (net.predict(&[0.3, 0.3, 0.3]), loss)
    };
    let ((a, loss_a), (b, loss_b)) = (train(false), train(true));
    approx::assert_relative_eq!(a[..], b[..], max_relative = 1e-5);
    approx::assert_relative_eq!(loss_a, loss_b, max_relative = 1e-5);
}

#[test]
fn an_epoch_takes_every_sample_once_and_returns_their_mean_loss() {
    // With a learning rate of 0 the loss of an epoch is that of evaluate.
    let (mut net, _) = trained_a_little();
    let x: Vec<[f32; 3]> = (0..11).map(|i| [i as f32 / 10.0, 0.5, -0.5]).collect();
    let t: Vec<[f32; 2]> = (0..11).map(|i| [i as f32 / 5.0, 1.0]).collect();
    let mut trainer = Trainer::<Net, _, _, 4>::new(MeanSquaredError, Sgd::new(0.0));
    let loss = trainer.epoch(&mut net, &x, &t).unwrap();
    approx::assert_relative_eq!(loss, trainer.evaluate(&net, &x, &t).unwrap(), max_relative = 1e-5);
}

#[test]
fn labels_cannot_be_out_of_range() {
    assert_eq!(Class::<3>::new(2).unwrap().index(), 2);
    assert_eq!(Class::<3>::new(3).unwrap_err().to_string(), "class 3 found, 0 to 2 expected");
    assert_eq!(
        Class::<0>::new(0).unwrap_err().to_string(),
        "class 0 found where there are no classes"
    );
    assert_eq!(format!("{0} {0:?}", Class::<3>::try_from(1).unwrap()), "1 Class<3>(1)");
    assert_eq!(Class::largest(&[1.0, 3.0, 3.0, f32::NAN]).index(), 1);
    assert_eq!(Class::largest(&[f32::NAN; 3]).index(), 0);
    assert_eq!(Class::largest(&[f64::NEG_INFINITY, -1e300]).index(), 1);
}

#[test]
fn a_confusion_matrix_counts_and_prints() {
    let class = |index| Class::<3>::new(index).unwrap();
    let mut confusion = Confusion::new();
    assert!(confusion.accuracy().is_nan());
    for (truth, predicted) in [(0, 0), (0, 0), (1, 1), (2, 1), (2, 2), (2, 0)] {
        confusion.record(class(truth), class(predicted));
    }
    assert_eq!((confusion.total(), confusion.accuracy()), (6, 4.0 / 6.0));
    assert_eq!(confusion.count(class(2), class(1)), 1);
    let lines = [
        "true \\ predicted  0 1 2",
        "               0  2 · ·",
        "               1  · 1 ·",
        "               2  1 1 1",
    ];
    assert_eq!(confusion.to_string(), lines.join("\n"));
}

#[test]
fn a_network_prints_as_a_flat_list_and_a_table() {
    type Body = (Dense<64, 32, Relu>, Dense<32, 32, GeluTanh, f32>);
    type Nested = (Body, (Dense<32, 16, Softmax>, Dense<16, 10>));
    let flat =
        "[Dense<64, 32, Relu>, Dense<32, 32, GeluTanh>, Dense<32, 16, Softmax>, Dense<16, 10>]";
    assert_eq!(format!("{:?}", Nested::layers()), flat);
    assert_eq!(format!("{:?}", <Dense<1, 2, Tanh, f64>>::layers()), "[Dense<1, 2, Tanh, f64>]");
    let table = [
        "Layer                    Output        Params       MACs      Bytes",
        "───────────────────────────────────────────────────────────────────",
        "Dense<64, 32, Relu>      [f32; 32]       2080       2048       8320",
        "Dense<32, 32, GeluTanh>  [f32; 32]       1056       1024       4224",
        "Dense<32, 16, Softmax>   [f32; 16]        528        512       2112",
        "Dense<16, 10>            [f32; 10]        170        160        680",
        "───────────────────────────────────────────────────────────────────",
        "Total                                    3834       3744      15336",
        "Inference: 552 bytes of activations at once",
    ];
    assert_eq!(Nested::summary().to_string(), table.join("\n"));

    let layer: Dense<3, 2, Relu> = Dense::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, -0.5]);
    let text =
        "Dense<3, 2, Relu> { weights: [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], bias: [0.5, -0.5] }";
    assert_eq!(format!("{layer:?}"), text);
}

/// Pairs print themselves, in the way of the standard library; what they hold is readable.
#[test]
fn a_network_with_its_weights_prints_as_pairs() {
    let first: Dense<2, 1, Tanh> = Dense::new([[1.0, 2.0]], [0.5]);
    let second: Dense<1, 2> = Dense::new([[3.0], [4.0]], [-0.5, 0.0]);
    let net = ((first, second), Dense::<2, 1, Relu, f64>::ZERO);
    let parts = [
        "Dense<2, 1, Tanh> { weights: [[1.0, 2.0]], bias: [0.5] }",
        "Dense<1, 2> { weights: [[3.0], [4.0]], bias: [-0.5, 0.0] }",
        "Dense<2, 1, Relu, f64> { weights: [[0.0, 0.0]], bias: [0.0] }",
    ];
    let [a, b, c] = parts;
    assert_eq!(format!("{net:?}"), format!("(({a}, {b}), {c})"));

    // On many lines these are the same words, indented by their depth.
    let pretty = format!("{net:#?}");
    let on_one_line = |text: &str| text.replace([' ', '\n'], "").replace(",]", "]");
    let words = on_one_line(&pretty).replace(",)", ")").replace(",}", "}");
    assert_eq!(words, on_one_line(&format!("{net:?}")));
    let names: Vec<_> = pretty.lines().filter(|line| line.ends_with('{')).collect();
    let expected =
        ["        Dense<2, 1, Tanh> {", "        Dense<1, 2> {", "    Dense<2, 1, Relu, f64> {"];
    assert_eq!(names, expected);
}

#[test]
fn no_gradient_comes_through_a_layer_of_no_outputs() {
    type Net = net![Dense<3, 0>, Dense<0, 2>];

    let (x, dy) = ([[0.5, -1.5, 1.0]; 4], [[1.0, 2.0]; 4]);
    let (mut tape, mut gradient, mut dx) = (Tape::ZERO, Net::ZERO, [[3.0; 3]; 4]);
    assert_eq!(tape.forward(&Net::ZERO, &x), &[[0.0; 2]; 4]);
    tape.backward_to_input(&Net::ZERO, &x, &dy, &mut gradient, &mut dx);
    assert_eq!(dx, [[0.0; 3]; 4]);
    assert_eq!(gradient.1.bias(), &[4.0, 8.0]);
}

#[test]
fn weights_are_read_and_written_as_rows_of_outputs() {
    let mut layer: Dense<3, 2> = Dense::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, -0.5]);
    assert_eq!(layer.weight(1, 0), Some(&4.0));
    assert_eq!((layer.weight(2, 0), layer.weight(0, 3)), (None, None));
    *layer.weight_mut(0, 2).unwrap() = 30.0;
    layer.bias_mut()[1] = 7.0;
    let rows: Vec<Vec<f32>> = layer.rows().map(|row| row.copied().collect()).collect();
    assert_eq!(rows, [[1.0, 2.0, 30.0], [4.0, 5.0, 6.0]]);
    assert_eq!(layer.predict(&[1.0, 1.0, 1.0]), [33.5, 22.0]);
}

#[test]
fn logits_of_any_size_have_a_finite_exact_loss() {
    let class = |index| Class::<3>::new(index).unwrap();
    let mut dy = [0.0; 3];
    let loss = CrossEntropy::new().gradient(&[1e4, -1e4, 0.0], &class(1), 1.0, &mut dy);
    assert_eq!((loss, dy), (2e4, [1.0, -1.0, 0.0]));
    let loss = CrossEntropy::new().gradient(&[1e4, -1e4, 0.0], &class(0), 1.0, &mut dy);
    assert_eq!((loss, dy), (0.0, [0.0, 0.0, 0.0]));
    let mut dy = [0.0; 2];
    let loss = BinaryCrossEntropy.gradient(&[1e4, -1e4], &[0.0, 0.0], 1.0, &mut dy);
    assert_eq!((loss, dy), (5e3, [0.5, 0.0]));
}

/// Cross-entropy takes a batch in passes over several samples: to the same bits.
#[test]
fn cross_entropy_of_a_batch_is_that_of_its_samples() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
    let ys: [[f32; 11]; 37] = std::array::from_fn(|n| {
        std::array::from_fn(|_| rng.random_range(-1.0..1.0) * 10f32.powi(n as i32 % 7 - 2))
    });
    let targets: [Class<11>; 37] = std::array::from_fn(|n| Class::new(n % 11).unwrap());
    for label_smoothing in [0.0, 0.1, 1.0] {
        let loss = CrossEntropy { label_smoothing };
        let mut found = [[0.0; 11]; 37];
        let sum = loss.gradient_batch(&ys, &targets, 0.25, &mut found);

        let mut expected = (0.0, [[0.0; 11]; 37]);
        for ((y, target), dy) in ys.iter().zip(&targets).zip(&mut expected.1) {
            expected.0 += loss.gradient(y, target, 0.25, dy);
        }
        assert_eq!((sum, found), expected, "with label smoothing {label_smoothing}");
    }
}

#[test]
fn the_same_seed_gives_the_same_network() {
    let draw = |seed| {
        let mut net = Net::ZERO;
        net.init(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        net
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn a_large_gradient_is_clipped_not_erased() {
    let mut gradient: Dense<1, 2> = Dense::new([[3e25], [4e25]], [0.0, 0.0]);
    Clip::Norm(5.0).apply(&mut gradient);
    approx::assert_relative_eq!(gradient.weight(0, 0).unwrap(), &3.0, max_relative = 1e-6);
    approx::assert_relative_eq!(gradient.weight(1, 0).unwrap(), &4.0, max_relative = 1e-6);
}

#[test]
fn nan_in_an_output_or_a_target_reaches_the_loss_and_its_gradient() {
    fn check(loss: impl Loss<[f32; 2], Target = [f32; 2], Scalar = f32>) {
        for (y, t) in [([f32::NAN, 0.5], [0.5, 0.5]), ([0.5, 0.5], [f32::NAN, 0.5])] {
            let mut dy = [0.0; 2];
            assert!(loss.gradient(&y, &t, 1.0, &mut dy).is_nan());
            assert!(dy[0].is_nan() && dy[1].is_finite());
        }
    }
    check(MeanSquaredError);
    check(MeanAbsoluteError);
    check(Huber::default());
    check(BinaryCrossEntropy);
    let (mut dy, class) = ([0.0; 2], Class::new(1).unwrap());
    assert!(CrossEntropy::new().gradient(&[f32::NAN, 0.5], &class, 1.0, &mut dy).is_nan());
    assert!(dy.iter().all(|dy| dy.is_nan()));
}

#[test]
fn a_certain_and_right_answer_costs_nothing() {
    let (y, t, mut dy) = ([f32::INFINITY, f32::NEG_INFINITY], [1.0, 0.0], [1.0; 2]);
    assert_eq!(BinaryCrossEntropy.gradient(&y, &t, 1.0, &mut dy), 0.0);
    assert_eq!(dy, [0.0; 2]);
}

/// σ(y) − t keeps its digits where σ(y) is near t = 1.
#[test]
fn a_sure_answer_has_an_exact_gradient() {
    for y in [3.0, 21.0, 40.0, 300.0_f64] {
        let mut dy = [0.0];
        BinaryCrossEntropy.gradient(&[y], &[1.0], 1.0, &mut dy);
        let exact = -1.0 / (1.0 + y.exp());
        approx::assert_relative_eq!(dy[0], exact, max_relative = 1e-14, epsilon = 0.0);
    }
}

/// The loss of `N` outputs is the mean of those of each by itself, and so is its derivative.
fn check_outputs<L, const N: usize>(loss: &L)
where
    L: Loss<[f32; N], Scalar = f32, Target = [f32; N]>
        + Loss<[f32; 1], Scalar = f32, Target = [f32; 1]>,
{
    let y: [f32; N] = std::array::from_fn(|i| (i * 7 % 19) as f32 / 5.0 - 1.7);
    let target: [f32; N] = std::array::from_fn(|i| (i * 5 % 11) as f32 / 10.0);
    let mut dy = [f32::NAN; N];
    let sum = loss.gradient(&y, &target, 0.3 * N as f32, &mut dy) * N as f32;
    let mut expected = 0.0;
    for i in 0..N {
        let mut derivative = [f32::NAN];
        expected += loss.gradient(&[y[i]], &[target[i]], 0.3, &mut derivative);
        approx::assert_relative_eq!(dy[i], derivative[0], max_relative = 1e-6);
    }
    approx::assert_relative_eq!(sum, expected, max_relative = 1e-5);
}

#[test]
fn the_loss_of_any_number_of_outputs_is_the_mean_of_theirs() {
    macro_rules! check {
        ($($outputs:literal)*) => {$(
            check_outputs::<_, $outputs>(&MeanSquaredError);
            check_outputs::<_, $outputs>(&MeanAbsoluteError);
            check_outputs::<_, $outputs>(&Huber::new(0.4));
            check_outputs::<_, $outputs>(&BinaryCrossEntropy);
        )*};
    }
    check!(1 2 15 16 17 63 64 65 130);
}
