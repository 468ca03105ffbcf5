//! Products of matrices from libraries in C, which are loaded at run time: libxsmm, MKL, OpenBLAS.
//! Which call and which layout a shape gets was chosen by time.

use std::env;
use std::ffi::{c_int, c_longlong, c_uint, c_void};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libloading::Library;

use super::hand::{self, Numbers, Products, Shape};
use crate::Contender;
use crate::workload::{Function, Problem, Task, Workload};

type Gemm = unsafe extern "C" fn(
    layout: c_int,
    transpose_a: c_int,
    transpose_b: c_int,
    m: c_int,
    n: c_int,
    k: c_int,
    alpha: f32,
    a: *const f32,
    lda: c_int,
    b: *const f32,
    ldb: c_int,
    beta: f32,
    c: *mut f32,
    ldc: c_int,
);

type Gemv = unsafe extern "C" fn(
    layout: c_int,
    transpose: c_int,
    m: c_int,
    n: c_int,
    alpha: f32,
    a: *const f32,
    lda: c_int,
    x: *const f32,
    step_x: c_int,
    beta: f32,
    y: *mut f32,
    step_y: c_int,
);

/// The enumerations of CBLAS.
const BY_ROWS: c_int = 101;
const BY_COLUMNS: c_int = 102;
const AS_IT_IS: c_int = 111;
const TRANSPOSED: c_int = 112;

/// Whether a matrix can only be read by columns: a vector is the same both ways.
fn lies_by_columns(s: Shape) -> bool {
    s.column != 1 && s.rows != 1 && s.columns != 1
}

/// How CBLAS sees a matrix in a product by rows: transposed or not, and the leading dimension.
fn operand(s: Shape) -> (c_int, c_int) {
    if lies_by_columns(s) { (TRANSPOSED, int(s.rows)) } else { (AS_IT_IS, int(s.columns)) }
}

/// Sizes here are small.
fn int(size: usize) -> c_int {
    size as c_int
}

fn gemm(gemm: Gemm, a: &[f32], sa: Shape, b: &[f32], sb: Shape, beta: f32, c: &mut [f32]) {
    hand::check(a, sa, b, sb, c);
    let (m, n, k) = (int(sa.rows), int(sb.columns), int(sa.columns));
    let ((ta, lda), (tb, ldb)) = (operand(sa), operand(sb));
    let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
    // SAFETY: the shapes are within the slices.
    unsafe { gemm(BY_ROWS, ta, tb, m, n, k, 1.0, a, lda, b, ldb, beta, c, n) }
}

/// y += a x. Where a product of matrices does this instead, it is yᵀ += xᵀ aᵀ: a vector by rows is
/// long in the direction in which the libraries, which think by columns, take several at once.
fn gemv(gemv: Gemv, a: &[f32], s: Shape, x: &[f32], y: &mut [f32]) {
    hand::check(a, s, x, Shape::of(x.len(), 1), y);
    let (m, n) = (int(s.rows), int(s.columns));
    let (layout, lda) = if lies_by_columns(s) { (BY_COLUMNS, m) } else { (BY_ROWS, n) };
    let (a, x, y) = (a.as_ptr(), x.as_ptr(), y.as_mut_ptr());
    // SAFETY: the shapes are within the slices.
    unsafe { gemv(layout, AS_IT_IS, m, n, 1.0, a, lda, x, 1, 1.0, y, 1) }
}

fn lengths(a: &[f32], b: &[f32], c: &[f32]) -> [usize; 3] {
    [a.len(), b.len(), c.len()]
}

/// Loads `path`, for as long as the process lives.
fn load(path: &Path) -> Result<&'static Library, String> {
    let name = path.file_name().unwrap_or_default().display();
    // SAFETY: what these libraries do when they are loaded is to look at the processor and the
    // environment, and to start threads of their own.
    let library = unsafe { Library::new(path) };
    Ok(Box::leak(Box::new(library.map_err(|_| format!("{name} cannot be loaded"))?)))
}

/// # Safety
/// `F` is the type of the function `name`.
unsafe fn function<F: Copy>(library: &'static Library, name: &str) -> Result<F, String> {
    // SAFETY: as above; and libraries are never unloaded.
    let function = unsafe { library.get::<F>(name.as_bytes()) };
    Ok(*function.map_err(|_| format!("no function {name}"))?)
}

/// What the script `sources` has put into its folder `name`.
fn source(name: &str) -> Result<PathBuf, String> {
    let folder = env::var_os("PEERS_SOURCES").ok_or("PEERS_SOURCES is not set")?;
    let folder = Path::new(&folder).join(name);
    if folder.is_dir() { Ok(folder) } else { Err(format!("{name} has not been fetched")) }
}

/// What is in `folder`; nothing if it is not there.
fn entries(folder: impl AsRef<Path>) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// libxsmm compiles a kernel for each shape, which is called through its address from then on. Its
/// matrices are by columns, so this is cᵀ = bᵀ aᵀ: bᵀ, its first operand, has to be as it is, the
/// second may be transposed.
pub struct Xsmm {
    dispatch: XsmmDispatch,
    transpose: XsmmTranspose,
}

type XsmmKernel = unsafe extern "C" fn(a: *const f32, b: *const f32, c: *mut f32);

type XsmmDispatch = unsafe extern "C" fn(
    m: c_int,
    n: c_int,
    k: c_int,
    lda: *const c_int,
    ldb: *const c_int,
    ldc: *const c_int,
    alpha: *const f32,
    beta: *const f32,
    flags: *const c_int,
    prefetch: *const c_int,
) -> Option<XsmmKernel>;

type XsmmTranspose = unsafe extern "C" fn(
    to: *mut c_void,
    from: *const c_void,
    size: c_uint,
    m: c_int,
    n: c_int,
    ld_from: c_int,
    ld_to: c_int,
);

static XSMM: OnceLock<Result<Xsmm, String>> = OnceLock::new();

impl Xsmm {
    pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
        Self::library()?;
        hand::enter::<Self>(problem)
    }

    fn library() -> Result<&'static Self, String> {
        XSMM.get_or_init(Self::load).as_ref().map_err(Clone::clone)
    }

    fn load() -> Result<Self, String> {
        let library = load(&source("libxsmm")?.join("libxsmm.so"))?;
        // SAFETY: these are the types in libxsmm.h, with integers of 32 bits.
        let xsmm = unsafe {
            Xsmm {
                dispatch: function(library, "libxsmm_smmdispatch")?,
                transpose: function(library, "libxsmm_otrans")?,
            }
        };
        for transposed in [false, true] {
            xsmm.kernel(16, 16, 16, transposed, 1.0).ok_or("no kernels for this processor")?;
        }
        Ok(xsmm)
    }

    /// c = a b + beta c, by columns; a is m × k, and b k × n, or transposed n × k.
    fn kernel(
        &self,
        m: usize,
        n: usize,
        k: usize,
        transposed: bool,
        beta: f32,
    ) -> Option<XsmmKernel> {
        const TRANSPOSED_B: c_int = 2;
        let (m, n, k) = (int(m), int(n), int(k));
        let (ldb, flags) = if transposed { (n, TRANSPOSED_B) } else { (k, 0) };
        // SAFETY: all addresses are of numbers that live through the call.
        unsafe { (self.dispatch)(m, n, k, &m, &ldb, &m, &1.0, &beta, &flags, &0) }
    }
}

/// The kernels leave the upper halves of the vector registers as they are, and the functions of the
/// C library, which are compiled for processors without such, are several times slower then.
#[target_feature(enable = "avx")]
fn zero_upper() {
    std::arch::x86_64::_mm256_zeroupper();
}

pub struct XsmmPlan {
    kernel: XsmmKernel,
    lengths: [usize; 3],
    /// For a transpose of b, if it has to be made.
    copy: Option<(XsmmTranspose, Numbers)>,
}

impl Products for Xsmm {
    type Plan = Option<XsmmPlan>;

    /// A kernel for 10 outputs goes in two parts, and takes longer than one for 16.
    const OUTPUTS: usize = 16;

    /// What is trained is needed both ways, but for the first layer, which has no layer before it
    /// to hand a gradient to; the gradient of few outputs is quicker by rows.
    fn by_columns(workload: &Workload, layer: usize) -> bool {
        workload.task == Task::Predict || layer == 0
    }

    fn multiply(
        plan: &mut Self::Plan,
        a: &[f32],
        sa: Shape,
        b: &[f32],
        sb: Shape,
        beta: f32,
        c: &mut [f32],
    ) {
        let plan = plan.get_or_insert_with(|| {
            hand::check(a, sa, b, sb, c);
            let xsmm = Self::library().expect("loaded before it entered");
            let (m, n, k) = (sb.columns, sa.rows, sa.columns);
            let kernel = xsmm.kernel(m, n, k, lies_by_columns(sa), beta);
            XsmmPlan {
                kernel: kernel.expect("a kernel, as for the shape it was asked for first"),
                lengths: lengths(a, b, c),
                copy: lies_by_columns(sb).then(|| (xsmm.transpose, Numbers::zeros(b.len()))),
            }
        });
        assert!(plan.lengths == lengths(a, b, c), "the shapes of the plan");
        let mut first = b.as_ptr();
        if let Some((transpose, copy)) = &mut plan.copy {
            let (to, m, n) = (copy.as_mut_ptr().cast(), int(sb.rows), int(sb.columns));
            // SAFETY: both have as many numbers.
            unsafe { transpose(to, first.cast(), size_of::<f32>() as c_uint, m, n, m, n) };
            first = copy.as_ptr();
        }
        // SAFETY: the kernel is for slices of these lengths.
        unsafe { (plan.kernel)(first, a.as_ptr(), c.as_mut_ptr()) };
        if is_x86_feature_detected!("avx") {
            // SAFETY: the processor has it.
            unsafe { zero_upper() }
        }
    }

    fn multiply_vector(plan: &mut Self::Plan, a: &[f32], sa: Shape, x: &[f32], y: &mut [f32]) {
        Self::multiply(plan, x, Shape::of(1, x.len()), a, sa.transposed(), 1.0, y);
    }
}

/// MKL is asked to compile a kernel for each shape. Where it does not, as on AMD's processors, it
/// gives the address of its general product, which still saves the checks of `cblas_sgemm`.
pub struct Mkl {
    gemm: Gemm,
    gemv: Gemv,
    compile: MklCompile,
    kernel: unsafe extern "C" fn(jitter: *const c_void) -> Option<MklKernel>,
    destroy: unsafe extern "C" fn(jitter: *mut c_void) -> c_int,
    exp: MklFunction,
    tanh: MklFunction,
}

type MklKernel =
    unsafe extern "C" fn(jitter: *mut c_void, a: *const f32, b: *const f32, c: *mut f32);

type MklCompile = unsafe extern "C" fn(
    jitter: *mut *mut c_void,
    layout: c_int,
    transpose_a: c_int,
    transpose_b: c_int,
    m: c_int,
    n: c_int,
    k: c_int,
    alpha: f32,
    lda: c_int,
    ldb: c_int,
    beta: f32,
    ldc: c_int,
) -> c_int;

type MklFunction = unsafe extern "C" fn(n: c_int, x: *const f32, y: *mut f32, mode: c_longlong);

static MKL: OnceLock<Result<Mkl, String>> = OnceLock::new();

impl Mkl {
    pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
        let mkl = Self::library()?;
        if problem.workload.task == Task::Apply {
            let (x, y) = (Numbers::of(&problem.x), Numbers::zeros(problem.x.len()));
            let function = mkl.function(problem.workload.activation);
            let function = function.ok_or("no such function")?;
            return Ok(Box::new(Apply { function, x, y }));
        }
        hand::enter::<Self>(problem)
    }

    fn library() -> Result<&'static Self, String> {
        MKL.get_or_init(Self::load).as_ref().map_err(Clone::clone)
    }

    fn load() -> Result<Self, String> {
        const SEQUENTIAL: c_int = 1;
        const INTEGERS_OF_32_BITS: c_int = 0;
        // The wheel is unpacked as it is: its folder of libraries has the version in its path.
        let rt = entries(source("mkl")?)
            .flat_map(|folder| entries(folder.join("data/lib")))
            .find(|path| path.to_string_lossy().contains("libmkl_rt.so"));
        let library = load(&rt.ok_or("libmkl_rt.so is not there")?)?;
        // SAFETY: these are the types in mkl.h, with integers of 32 bits.
        unsafe {
            type Set = unsafe extern "C" fn(c_int) -> c_int;
            function::<Set>(library, "MKL_Set_Interface_Layer")?(INTEGERS_OF_32_BITS);
            function::<Set>(library, "MKL_Set_Threading_Layer")?(SEQUENTIAL);
            Ok(Mkl {
                gemm: function(library, "cblas_sgemm")?,
                gemv: function(library, "cblas_sgemv")?,
                compile: function(library, "mkl_cblas_jit_create_sgemm")?,
                kernel: function(library, "mkl_jit_get_sgemm_ptr")?,
                destroy: function(library, "mkl_jit_destroy")?,
                exp: function(library, "vmsExp")?,
                tanh: function(library, "vmsTanh")?,
            })
        }
    }

    /// The vectorised function, where there is one.
    fn function(&self, function: Function) -> Option<MklFunction> {
        match function {
            Function::Relu => None,
            Function::Tanh => Some(self.tanh),
            Function::Exp => Some(self.exp),
        }
    }
}

/// VML_LA, whose error is a few units in the last place. The mode below has half of the digits.
const LOW_ACCURACY: c_longlong = 1;

pub struct MklPlan {
    mkl: &'static Mkl,
    jitter: *mut c_void,
    /// None if MKL fails to make one.
    kernel: Option<MklKernel>,
    /// Whether the kernel is for this shape alone.
    compiled: bool,
    lengths: [usize; 3],
}

impl MklPlan {
    fn new(a: &[f32], sa: Shape, b: &[f32], sb: Shape, beta: f32, c: &[f32]) -> Self {
        const COMPILED: c_int = 0;
        const FAILED: c_int = 2;
        hand::check(a, sa, b, sb, c);
        let mkl = Mkl::library().expect("loaded before it entered");
        let (m, n, k) = (int(sa.rows), int(sb.columns), int(sa.columns));
        let ((ta, lda), (tb, ldb)) = (operand(sa), operand(sb));
        let mut jitter = std::ptr::null_mut();
        // SAFETY: the address is of a variable, and the jitter is asked only if it was made.
        let (status, kernel) = unsafe {
            let jitter = &mut jitter;
            let status = (mkl.compile)(jitter, BY_ROWS, ta, tb, m, n, k, 1.0, lda, ldb, beta, n);
            (status, if status == FAILED { None } else { (mkl.kernel)(*jitter) })
        };
        MklPlan { mkl, jitter, kernel, compiled: status == COMPILED, lengths: lengths(a, b, c) }
    }
}

impl Drop for MklPlan {
    fn drop(&mut self) {
        if self.kernel.is_some() {
            // SAFETY: made by MKL, and nobody uses it any more.
            unsafe { (self.mkl.destroy)(self.jitter) };
        }
    }
}

impl Products for Mkl {
    type Plan = Option<MklPlan>;

    /// Short rows are quicker by columns, and so is the gradient of a first layer.
    fn by_columns(workload: &Workload, layer: usize) -> bool {
        match workload.task {
            Task::Train(..) => layer == 0,
            _ => workload.batch == 1 && workload.sizes[layer] <= 16,
        }
    }

    fn multiply(
        plan: &mut Self::Plan,
        a: &[f32],
        sa: Shape,
        b: &[f32],
        sb: Shape,
        beta: f32,
        c: &mut [f32],
    ) {
        let plan = plan.get_or_insert_with(|| MklPlan::new(a, sa, b, sb, beta, c));
        assert!(plan.lengths == lengths(a, b, c), "the shapes of the plan");
        match plan.kernel {
            // SAFETY: the kernel is for slices of these lengths.
            Some(kernel) => unsafe {
                kernel(plan.jitter, a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
            },
            None => gemm(plan.mkl.gemm, a, sa, b, sb, beta, c),
        }
    }

    fn multiply_vector(plan: &mut Self::Plan, a: &[f32], sa: Shape, x: &[f32], y: &mut [f32]) {
        let (row, st) = (Shape::of(1, x.len()), sa.transposed());
        let made = plan.get_or_insert_with(|| MklPlan::new(x, row, a, st, 1.0, y));
        if made.compiled || lies_by_columns(sa) {
            Self::multiply(plan, x, row, a, st, 1.0, y);
        } else {
            gemv(made.mkl.gemv, a, sa, x, y);
        }
    }

    fn apply(function: Function, y: &mut [f32]) {
        let mkl = Self::library().expect("loaded before it entered");
        match mkl.function(function) {
            // SAFETY: in place is allowed.
            Some(function) => unsafe {
                let at = y.as_mut_ptr();
                function(int(y.len()), at, at, LOW_ACCURACY);
            },
            None => hand::apply(function, y),
        }
    }
}

/// A function of MKL alone.
struct Apply {
    function: MklFunction,
    x: Numbers,
    y: Numbers,
}

impl Contender for Apply {
    fn once(&mut self) {
        let (x, y) = (self.x.as_ptr(), self.y.as_mut_ptr());
        // SAFETY: y is as long as x.
        unsafe { (self.function)(int(self.x.len()), x, y, LOW_ACCURACY) }
    }

    fn numbers(&mut self) -> Vec<f32> {
        self.y.to_vec()
    }
}

/// OpenBLAS, whose product of matrices often is quicker for one sample than that with a vector.
pub struct OpenBlas {
    gemm: Gemm,
    gemv: Gemv,
}

static OPENBLAS: OnceLock<Result<OpenBlas, String>> = OnceLock::new();

impl OpenBlas {
    pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
        Self::library()?;
        hand::enter::<Self>(problem)
    }

    fn library() -> Result<&'static Self, String> {
        OPENBLAS.get_or_init(Self::load).as_ref().map_err(Clone::clone)
    }

    fn load() -> Result<Self, String> {
        let path = entries("/usr/lib")
            .map(|folder| folder.join("openblas-pthread/libopenblas.so.0"))
            .find(|path| path.exists());
        let library = load(&path.ok_or("libopenblas.so.0 is not installed")?)?;
        // SAFETY: these are the types in cblas.h, with integers of 32 bits.
        unsafe {
            let threads: unsafe extern "C" fn(c_int) =
                function(library, "openblas_set_num_threads")?;
            threads(1);
            Ok(OpenBlas {
                gemm: function(library, "cblas_sgemm")?,
                gemv: function(library, "cblas_sgemv")?,
            })
        }
    }
}

impl Products for OpenBlas {
    type Plan = Option<&'static OpenBlas>;

    /// Few outputs are quicker by rows; of what is trained all but the first layer, which has no
    /// layer before it to hand a gradient to.
    fn by_columns(workload: &Workload, layer: usize) -> bool {
        match workload.task {
            Task::Train(..) => layer == 0,
            _ => workload.sizes[layer + 1] >= 16,
        }
    }

    fn multiply(
        library: &mut Self::Plan,
        a: &[f32],
        sa: Shape,
        b: &[f32],
        sb: Shape,
        beta: f32,
        c: &mut [f32],
    ) {
        let library =
            library.get_or_insert_with(|| Self::library().expect("loaded before it entered"));
        gemm(library.gemm, a, sa, b, sb, beta, c);
    }

    fn multiply_vector(library: &mut Self::Plan, a: &[f32], sa: Shape, x: &[f32], y: &mut [f32]) {
        if lies_by_columns(sa) && sa.columns > 16 {
            let row = Shape::of(1, x.len());
            return Self::multiply(library, x, row, a, sa.transposed(), 1.0, y);
        }
        let library =
            library.get_or_insert_with(|| Self::library().expect("loaded before it entered"));
        gemv(library.gemv, a, sa, x, y);
    }
}
