//! A network written by hand over somebody's product of matrices. What is not a product (bias,
//! activation, loss, update) is plain loops, the same for all, which the compiler vectorises; all
//! memory is there before the first call.

use std::hint::black_box;
use std::ops::{Deref, DerefMut};

use super::absent;
use crate::Contender;
use crate::workload::{BETA1, BETA2, EPSILON, Function, Loss, Optimizer, Problem, Task, Workload};

/// A matrix of `rows` × `columns`: element (i, j) is at `i * row + j * column`.
#[derive(Clone, Copy)]
pub struct Shape {
    pub rows: usize,
    pub columns: usize,
    pub row: usize,
    pub column: usize,
}

impl Shape {
    pub const fn of(rows: usize, columns: usize) -> Self {
        Shape { rows, columns, row: columns, column: 1 }
    }

    pub const fn transposed(self) -> Self {
        Shape { rows: self.columns, columns: self.rows, row: self.column, column: self.row }
    }
}

/// What a library offers.
pub trait Products: 'static {
    /// What a library keeps for a product in one place of the network, always of the same shapes.
    type Plan: Default;

    /// What a network that only predicts has outputs in multiples of: rows of zeros are added to W.
    const OUTPUTS: usize = 1;

    /// Whether to store W of this layer by columns.
    fn by_columns(workload: &Workload, _layer: usize) -> bool {
        workload.batch == 1
    }

    /// c = a b + beta c; c is by rows.
    fn multiply(
        plan: &mut Self::Plan,
        a: &[f32],
        sa: Shape,
        b: &[f32],
        sb: Shape,
        beta: f32,
        c: &mut [f32],
    );

    /// y += a x.
    fn multiply_vector(plan: &mut Self::Plan, a: &[f32], sa: Shape, x: &[f32], y: &mut [f32]) {
        Self::multiply(plan, a, sa, x, Shape::of(x.len(), 1), 1.0, y);
    }

    /// y = f(y).
    fn apply(function: Function, y: &mut [f32]) {
        apply(function, y);
    }
}

/// y = f(y), by the vectorised functions that C has: those of Rust's `f32` are one number at a time,
/// and most of what a small network would take.
pub fn apply(function: Function, y: &mut [f32]) {
    unsafe extern "C" {
        fn c_exp_here(y: *mut f32, n: i32);
        fn c_tanh_here(y: *mut f32, n: i32);
    }
    let n = y.len() as i32;
    match function {
        Function::Relu => y.iter_mut().for_each(|y| *y = y.max(0.0)),
        // SAFETY: these are the numbers of the slice.
        Function::Tanh => unsafe { c_tanh_here(y.as_mut_ptr(), n) },
        // SAFETY: as above.
        Function::Exp => unsafe { c_exp_here(y.as_mut_ptr(), n) },
    }
}

pub fn enter<P: Products>(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    Ok(match problem.workload.task {
        Task::Apply => return absent("no functions of its own"),
        Task::Predict => Box::new(Predict(Network::<P>::new(problem))),
        Task::Train(loss, optimizer) => Box::new(Train {
            net: Network::<P>::new(problem),
            loss,
            optimizer,
            classes: problem.classes(),
            problem: problem.clone(),
            steps: 0,
            last: 0.0,
        }),
    })
}

/// Numbers that start where a cache line does: loads of whole vectors are slower across two.
pub struct Numbers {
    memory: Vec<f32>,
    start: usize,
}

impl Numbers {
    pub fn zeros(count: usize) -> Self {
        const LINE: usize = 64;
        let mut memory = vec![0.0; count + LINE / size_of::<f32>()];
        let start = memory.as_ptr().align_offset(LINE);
        memory.truncate(start + count);
        Numbers { memory, start }
    }

    pub fn of(numbers: &[f32]) -> Self {
        let mut of = Numbers::zeros(numbers.len());
        of.copy_from_slice(numbers);
        of
    }
}

impl Deref for Numbers {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[self.start..]
    }
}

impl DerefMut for Numbers {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..]
    }
}

/// The transpose of `a`, which is by rows.
fn transpose(a: &[f32], rows: usize, columns: usize) -> Numbers {
    let mut transposed = Numbers::zeros(a.len());
    for (i, &a) in a.iter().enumerate() {
        transposed[i % columns * rows + i / columns] = a;
    }
    transposed
}

struct Layer<K> {
    shape: Shape,
    by_columns: bool,
    w: Numbers,
    b: Numbers,
    /// Output and ∂J/∂s, a row a sample.
    y: Numbers,
    dy: Numbers,
    dw: Numbers,
    db: Numbers,
    /// The moments of Adam, of w and of b.
    moments: [[Numbers; 2]; 2],
    /// For the products that give y, dw, and the layer before's dy.
    plans: [K; 3],
}

struct Network<P: Products> {
    workload: Workload,
    layers: Vec<Layer<P::Plan>>,
    x: Numbers,
}

impl<P: Products> Network<P> {
    fn new(problem: &Problem) -> Self {
        let workload = problem.workload;
        let layers = problem.layers.iter().enumerate().map(|(d, layer)| {
            let last = d + 1 == problem.layers.len();
            let (inputs, mut outputs) = (layer.inputs, layer.outputs);
            let (mut w, mut b) = (layer.w.clone(), layer.b.clone());
            if last && workload.task == Task::Predict {
                outputs = outputs.next_multiple_of(P::OUTPUTS);
                w.resize(inputs * outputs, 0.0);
                b.resize(outputs, 0.0);
            }
            let by_columns = P::by_columns(&workload, d);
            let (shape, w) = if by_columns {
                (Shape::of(inputs, outputs).transposed(), transpose(&w, outputs, inputs))
            } else {
                (Shape::of(outputs, inputs), Numbers::of(&w))
            };
            let moments = || [Numbers::zeros(w.len()), Numbers::zeros(outputs)];
            Layer {
                shape,
                by_columns,
                b: Numbers::of(&b),
                y: Numbers::zeros(workload.batch * outputs),
                dy: Numbers::zeros(workload.batch * outputs),
                dw: Numbers::zeros(w.len()),
                db: Numbers::zeros(outputs),
                moments: [moments(), moments()],
                w,
                plans: Default::default(),
            }
        });
        Network { workload, layers: layers.collect(), x: Numbers::of(&problem.x) }
    }

    fn forward(&mut self) {
        let (batch, depth) = (self.workload.batch, self.layers.len());
        for d in 0..depth {
            let (before, rest) = self.layers.split_at_mut(d);
            let x = before.last().map_or(&self.x, |layer| &layer.y);
            let Layer { shape, w, b, y, plans: [plan, ..], .. } = &mut rest[0];
            for y in y.chunks_exact_mut(b.len()) {
                y.copy_from_slice(b);
            }
            if batch == 1 {
                P::multiply_vector(plan, w, *shape, x, y);
            } else {
                let by_inputs = Shape::of(batch, shape.columns);
                P::multiply(plan, x, by_inputs, w, shape.transposed(), 1.0, y);
            }
            if d + 1 < depth {
                P::apply(self.workload.activation, y);
            }
        }
    }

    /// From ∂J/∂y of the last layer, in its `dy`, to all gradients.
    fn backward(&mut self) {
        let batch = self.workload.batch;
        for d in (0..self.layers.len()).rev() {
            let (before, rest) = self.layers.split_at_mut(d);
            let Layer { shape, by_columns, w, dy, dw, db, plans: [_, plan, to_before], .. } =
                &mut rest[0];
            let by_outputs = Shape::of(batch, shape.rows);
            let by_inputs = Shape::of(batch, shape.columns);
            let x = before.last().map_or(&self.x, |layer| &layer.y);
            if *by_columns {
                P::multiply(plan, x, by_inputs.transposed(), dy, by_outputs, 0.0, dw);
            } else {
                P::multiply(plan, dy, by_outputs.transposed(), x, by_inputs, 0.0, dw);
            }
            db.fill(0.0);
            for dy in dy.chunks_exact(db.len()) {
                db.iter_mut().zip(dy).for_each(|(db, dy)| *db += dy);
            }
            if let Some(Layer { y, dy: dx, .. }) = before.last_mut() {
                P::multiply(to_before, dy, by_outputs, w, *shape, 0.0, dx);
                match self.workload.activation {
                    Function::Relu => dx.iter_mut().zip(&**y).for_each(|(dx, &y)| {
                        *dx = if y > 0.0 { *dx } else { 0.0 };
                    }),
                    Function::Tanh => {
                        dx.iter_mut().zip(&**y).for_each(|(dx, &y)| *dx *= 1.0 - y * y);
                    }
                    Function::Exp => dx.iter_mut().zip(&**y).for_each(|(dx, &y)| *dx *= y),
                }
            }
        }
    }
}

struct Predict<P: Products>(Network<P>);

impl<P: Products> Contender for Predict<P> {
    fn once(&mut self) {
        black_box(&mut self.0).forward();
    }

    fn numbers(&mut self) -> Vec<f32> {
        let Layer { y, b, .. } = self.0.layers.last().expect("a layer");
        let outputs = self.0.workload.outputs();
        y.chunks_exact(b.len()).flat_map(|y| &y[..outputs]).copied().collect()
    }
}

struct Train<P: Products> {
    net: Network<P>,
    loss: Loss,
    optimizer: Optimizer,
    classes: Vec<usize>,
    problem: Problem,
    steps: i32,
    last: f32,
}

impl<P: Products> Train<P> {
    /// Puts ∂J/∂y into the last layer's `dy`.
    fn loss(&mut self) -> f32 {
        let batch = self.net.workload.batch as f32;
        let Layer { y, dy, b, .. } = self.net.layers.last_mut().expect("a layer");
        let outputs = b.len();
        let mut sum = 0.0;
        match self.loss {
            Loss::CrossEntropy => {
                let rows = y.chunks_exact(outputs).zip(dy.chunks_exact_mut(outputs));
                for ((y, dy), &class) in rows.zip(&self.classes) {
                    let largest = y.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    dy.iter_mut().zip(y).for_each(|(dy, y)| *dy = y - largest);
                    sum -= dy[class];
                }
                P::apply(Function::Exp, dy);
                for (dy, &class) in dy.chunks_exact_mut(outputs).zip(&self.classes) {
                    let total: f32 = dy.iter().sum();
                    sum += total.ln();
                    let scale = 1.0 / (total * batch);
                    dy.iter_mut().for_each(|dy| *dy *= scale);
                    dy[class] -= 1.0 / batch;
                }
                sum / batch
            }
            Loss::MeanSquaredError => {
                let share = 1.0 / (batch * outputs as f32);
                for ((y, dy), t) in y.iter().zip(&mut **dy).zip(&self.problem.targets) {
                    let error = y - t;
                    sum += error * error;
                    *dy = 2.0 * share * error;
                }
                sum * share
            }
        }
    }
}

fn sgd(lr: f32, w: &mut [f32], g: &[f32]) {
    w.iter_mut().zip(g).for_each(|(w, g)| *w -= lr * g);
}

fn adam(lr: f32, steps: i32, w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
    let step = lr / (1.0 - BETA1.powi(steps));
    let unbias = 1.0 / (1.0 - BETA2.powi(steps)).sqrt();
    for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
        *m = BETA1 * *m + (1.0 - BETA1) * g;
        *v = BETA2 * *v + (1.0 - BETA2) * g * g;
        *w -= step * *m / (v.sqrt() * unbias + EPSILON);
    }
}

impl<P: Products> Contender for Train<P> {
    fn once(&mut self) {
        black_box(&mut self.net).forward();
        self.last = black_box(self.loss());
        self.net.backward();
        self.steps += 1;
        for Layer { w, b, dw, db, moments: [[mw, mb], [vw, vb]], .. } in &mut self.net.layers {
            match self.optimizer {
                Optimizer::Sgd(lr) => {
                    sgd(lr, w, dw);
                    sgd(lr, b, db);
                }
                Optimizer::Adam(lr) => {
                    adam(lr, self.steps, w, dw, mw, vw);
                    adam(lr, self.steps, b, db, mb, vb);
                }
            }
        }
    }

    fn reset(&mut self) {
        let before = std::mem::replace(&mut self.net, Network::new(&self.problem));
        for (layer, before) in self.net.layers.iter_mut().zip(before.layers) {
            layer.plans = before.plans;
        }
        self.steps = 0;
    }

    fn numbers(&mut self) -> Vec<f32> {
        let mut numbers = vec![self.last];
        for Layer { shape, by_columns, w, b, .. } in &self.net.layers {
            if *by_columns {
                numbers.extend(&*transpose(w, shape.columns, shape.rows));
            } else {
                numbers.extend(&**w);
            }
            numbers.extend(&**b);
        }
        numbers
    }
}

pub struct Matrixmultiply;

impl Products for Matrixmultiply {
    type Plan = ();

    fn multiply((): &mut (), a: &[f32], sa: Shape, b: &[f32], sb: Shape, beta: f32, c: &mut [f32]) {
        let (m, k, n) = (sa.rows, sa.columns, sb.columns);
        check(a, sa, b, sb, c);
        let [rsa, csa, rsb, csb] = [sa.row, sa.column, sb.row, sb.column].map(|s| s as isize);
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        // SAFETY: the shapes are within the slices.
        unsafe {
            matrixmultiply::sgemm(m, k, n, 1.0, a, rsa, csa, b, rsb, csb, beta, c, n as isize, 1);
        }
    }
}

pub struct Gemm;

impl Products for Gemm {
    type Plan = ();

    fn multiply((): &mut (), a: &[f32], sa: Shape, b: &[f32], sb: Shape, beta: f32, c: &mut [f32]) {
        let (m, k, n) = (sa.rows, sa.columns, sb.columns);
        check(a, sa, b, sb, c);
        let [rsa, csa, rsb, csb] = [sa.row, sa.column, sb.row, sb.column].map(|s| s as isize);
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        let (row, none) = (n as isize, gemm::Parallelism::None);
        // SAFETY: the shapes are within the slices. c's old content is read if beta is not 0.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                c,
                1,
                row,
                beta != 0.0,
                a,
                csa,
                rsa,
                b,
                csb,
                rsb,
                beta,
                1.0,
                false,
                false,
                false,
                none,
            );
        }
    }
}

pub fn check(a: &[f32], sa: Shape, b: &[f32], sb: Shape, c: &[f32]) {
    assert!(sa.columns == sb.rows, "the shapes do not fit");
    assert!(a.len() == sa.rows * sa.columns, "a's shape");
    assert!(b.len() == sb.rows * sb.columns, "b's shape");
    assert!(c.len() == sa.rows * sb.columns, "c's shape");
}

pub struct Faer;

impl Products for Faer {
    type Plan = ();

    fn multiply((): &mut (), a: &[f32], sa: Shape, b: &[f32], sb: Shape, beta: f32, c: &mut [f32]) {
        use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};
        fn view(a: &[f32], s: Shape) -> MatRef<'_, f32> {
            if s.column == 1 {
                MatRef::from_row_major_slice(a, s.rows, s.columns)
            } else {
                MatRef::from_column_major_slice(a, s.rows, s.columns)
            }
        }
        let c = MatMut::from_row_major_slice_mut(c, sa.rows, sb.columns);
        let how = if beta == 0.0 { Accum::Replace } else { Accum::Add };
        matmul(c, how, view(a, sa), view(b, sb), 1.0, Par::Seq);
    }
}

pub struct Ndarray;

impl Ndarray {
    fn view(a: &[f32], s: Shape) -> ndarray::ArrayView2<'_, f32> {
        use ndarray::ShapeBuilder;
        let shape = (s.rows, s.columns).strides((s.row, s.column));
        ndarray::ArrayView2::from_shape(shape, a).expect("the shape of the slice")
    }
}

impl Products for Ndarray {
    type Plan = ();

    fn by_columns(_: &Workload, _layer: usize) -> bool {
        false
    }

    fn multiply((): &mut (), a: &[f32], sa: Shape, b: &[f32], sb: Shape, beta: f32, c: &mut [f32]) {
        let mut c = ndarray::ArrayViewMut2::from_shape((sa.rows, sb.columns), c)
            .expect("the shape of the slice");
        ndarray::linalg::general_mat_mul(1.0, &Self::view(a, sa), &Self::view(b, sb), beta, &mut c);
    }

    fn multiply_vector((): &mut (), a: &[f32], sa: Shape, x: &[f32], y: &mut [f32]) {
        use ndarray::{ArrayView1, ArrayViewMut1};
        let mut y = ArrayViewMut1::from(y);
        ndarray::linalg::general_mat_vec_mul(
            1.0,
            &Self::view(a, sa),
            &ArrayView1::from(x),
            1.0,
            &mut y,
        );
    }
}

pub struct Nalgebra;

impl Products for Nalgebra {
    type Plan = ();

    /// nalgebra has matrices by columns, so this is cᵀ = bᵀ aᵀ; and its product of views with a
    /// stride between rows writes beyond them where a side is short (0.34 and 0.35), so an operand
    /// that lies the other way is transposed into memory of its own first.
    fn multiply((): &mut (), a: &[f32], sa: Shape, b: &[f32], sb: Shape, beta: f32, c: &mut [f32]) {
        use nalgebra::{DMatrixView, DMatrixViewMut};
        use std::cell::RefCell;
        thread_local! {
            static MEMORY: [RefCell<Vec<f32>>; 2] = const { [const { RefCell::new(Vec::new()) }; 2] };
        }
        /// The transpose of `a`.
        fn view<'a>(a: &'a [f32], s: Shape, memory: &'a mut Vec<f32>) -> DMatrixView<'a, f32> {
            if s.column == 1 {
                return DMatrixView::from_slice(a, s.columns, s.rows);
            }
            memory.resize(a.len(), 0.0);
            let mut transposed = DMatrixViewMut::from_slice(memory, s.columns, s.rows);
            DMatrixView::from_slice(a, s.rows, s.columns).transpose_to(&mut transposed);
            DMatrixView::from_slice(memory, s.columns, s.rows)
        }
        MEMORY.with(|[first, second]| {
            let (first, second) = (&mut *first.borrow_mut(), &mut *second.borrow_mut());
            let mut c = DMatrixViewMut::from_slice(c, sb.columns, sa.rows);
            c.gemm(1.0, &view(b, sb, first), &view(a, sa, second), beta);
        });
    }
}
