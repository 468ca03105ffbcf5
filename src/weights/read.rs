use super::check::{Checked, check};
use super::error::{Problem, WeightsError};
use super::names::Names;
use super::number;
use crate::tensors::{Dtype, Place, Plan, TensorInfo};
use crate::{Float, Inspector, Layer, Visitor};

/// Reads the weights of a network from the bytes of a safetensors file.
///
/// Numbers of type F64, F32, F16 and BF16 become those of the network, rounded to the nearest
/// where it has fewer digits. Nothing is allocated.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::weights::{self, Names};
/// use constgrad::{Dense, Relu, net};
///
/// type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
///
/// let mut net = Net::ZERO;
/// let bytes: &[u8] = include_bytes!("../../examples/data/digits.safetensors");
/// weights::read(&mut net, bytes, Names::SEQUENTIAL)?;
/// assert!(net.0.weight(0, 2).is_some_and(|&weight| weight != 0.0));
///
/// let error = weights::read(&mut net, &bytes[..100], Names::SEQUENTIAL).unwrap_err();
/// assert!(error.to_string().starts_with("the file has 100 bytes"));
/// # Ok::<(), weights::WeightsError>(())
/// ```
///
/// # Errors
/// [`WeightsError`] if the file is not in order, if it lacks a tensor of the network or has
/// another, or if a tensor has another shape, is not of those types, or has a number that is
/// infinite or NaN, as a number of the network. All of this is checked first: after an error the
/// network is as before.
pub fn read<N: Layer>(net: &mut N, bytes: &[u8], names: Names<'_>) -> Result<(), WeightsError> {
    let file = check::<N>(bytes, names)?;
    check_layers(net)?;
    net.visit([], &mut Fill { file, tensors: Tensors::of(N::PLAN) });
    Ok(())
}

/// Loads the weights of a network from a safetensors file, as [`read`] reads them.
///
/// # Errors
/// [`FileError`](super::FileError) if the file cannot be read, or with the [`WeightsError`] of
/// [`read`]. After an error the network is as before.
#[cfg(feature = "std")]
pub fn load<N: Layer>(
    net: &mut N,
    path: impl AsRef<std::path::Path>,
    names: Names<'_>,
) -> Result<(), super::FileError> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|error| super::FileError::io(path, error))?;
    read(net, &bytes, names).map_err(|error| super::FileError::weights(path, error))
}

/// The tensors of a network, first to last.
pub(super) struct Tensors {
    plan: &'static Plan,
    layer: usize,
    tensor: usize,
}

impl Tensors {
    pub(super) fn of(plan: &'static Plan) -> Self {
        Tensors { plan, layer: 0, tensor: 0 }
    }
}

impl Iterator for Tensors {
    type Item = (Place, &'static TensorInfo);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let place = self.plan.get(self.layer)?;
            if let Some(tensor) = place.tensors.get(self.tensor) {
                self.tensor += 1;
                return Some((place, tensor));
            }
            (self.layer, self.tensor) = (self.layer + 1, 0);
        }
    }
}

/// That the layers hand out what their `TENSORS` list.
pub(super) fn check_layers<N: Layer>(net: &N) -> Result<(), WeightsError> {
    struct Compare {
        tensors: Tensors,
        wrong: Option<&'static str>,
    }

    impl Inspector for Compare {
        fn tensor<T: Float>(&mut self, parameters: &[T]) {
            let wrong = match self.tensors.next() {
                Some((_, tensor))
                    if tensor.numbers() == parameters.len()
                        && tensor.dtype() == Dtype::of::<T>() =>
                {
                    return;
                }
                Some((place, _)) => place.name,
                None => "a layer",
            };
            self.wrong.get_or_insert(wrong);
        }
    }

    let mut compare = Compare { tensors: Tensors::of(N::PLAN), wrong: None };
    net.inspect(&mut compare);
    let left = compare.tensors.next().map(|(place, _)| place.name);
    match compare.wrong.or(left) {
        Some(layer) => Err(WeightsError::new(Problem::Layer(layer))),
        None => Ok(()),
    }
}

/// Fills the tensors of a network from a file in which they are.
struct Fill<'a> {
    file: Checked<'a>,
    tensors: Tensors,
}

impl Visitor<0> for Fill<'_> {
    fn tensor<T: Float>(&mut self, parameters: &mut [T], []: [&mut [T]; 0]) {
        let Some((place, tensor)) = self.tensors.next() else { return };
        let Some(entry) = self.file.find(place, tensor) else { return };
        let data = entry.view(self.file.file.data()).data();
        for index in 0..parameters.len() {
            let number = number::number(data, entry.dtype, index).unwrap_or_default();
            if let Some(parameter) = parameters.get_mut(tensor.place(index)) {
                *parameter = T::from_f64(number);
            }
        }
    }
}
