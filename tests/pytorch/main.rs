//! The crate against PyTorch: every activation, loss, optimizer and initialisation.
//!
//! `generate.py` had PyTorch compute `reference.json`, in f32 and in f64. Here the same networks
//! are types, and every number is compared: within 1e-5 relative to PyTorch's number in f32, and 1e-10
//! in f64, whatever its size. The networks are drawn so that this can be asked of any
//! implementation: see `well_conditioned` in `generate.py`.

mod curves;
// Its layers are too large for the stack of a debug build.
#[cfg(feature = "alloc")]
mod initialisation;
mod losses;
mod passes;
mod reference;
mod training;

/// Calls a macro with all activations; the first is the one that is not elementwise.
macro_rules! activations {
    ($then:ident) => {
        $then! {
            Softmax Identity Relu LeakyRelu Elu Selu Gelu GeluTanh Silu Sigmoid HardSigmoid Tanh
            HardTanh Softplus Softsign
        }
    };
}
use activations;
