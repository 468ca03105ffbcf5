//! The feature `serde`: what cannot be derived, because its arrays may have any size, because it
//! is stored in another order than it is written, or because it has what need not be written.

use core::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeStruct, SerializeTuple};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(feature = "parallel")]
use crate::ParallelTrainer;
use crate::kernel::Panels;
use crate::{
    AdamState, Class, Clip, Dense, Float, Layer, Loss, OnlineSgd, Optimizer, Trainer, Zero,
};

/// Numbers, one after the other: to be written, or the places to be read into.
struct Numbers<I>(I);

impl<'a, T: Serialize + 'a, I: ExactSizeIterator<Item = &'a T> + Clone> Serialize for Numbers<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for number in self.0.clone() {
            tuple.serialize_element(number)?;
        }
        tuple.end()
    }
}

impl<'de, 'a, T, I> DeserializeSeed<'de> for Numbers<I>
where
    T: Deserialize<'de> + 'a,
    I: ExactSizeIterator<Item = &'a mut T>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_tuple(self.0.len(), self)
    }
}

impl<'de, 'a, T, I> Visitor<'de> for Numbers<I>
where
    T: Deserialize<'de> + 'a,
    I: ExactSizeIterator<Item = &'a mut T>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} numbers", self.0.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let expected = Count { len: self.0.len(), of: "numbers" };
        for (found, place) in self.0.enumerate() {
            *place = sequence
                .next_element()?
                .ok_or_else(|| A::Error::invalid_length(found, &expected))?;
        }
        no_more(sequence, expected)
    }
}

/// What a sequence should have.
#[derive(Clone, Copy)]
struct Count {
    len: usize,
    of: &'static str,
}

impl serde::de::Expected for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.len, self.of)
    }
}

/// That a sequence has ended.
fn no_more<'de, A: SeqAccess<'de>>(mut sequence: A, expected: Count) -> Result<(), A::Error> {
    let mut found = expected.len;
    while sequence.next_element::<IgnoredAny>()?.is_some() {
        found += 1;
    }
    if found > expected.len {
        return Err(A::Error::invalid_length(found, &expected));
    }
    Ok(())
}

/// W, as `OUT` rows of `IN`.
struct Rows<W>(W);

impl<T, const IN: usize, const OUT: usize> Serialize for Rows<&Panels<T, IN, OUT>>
where
    T: Float + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_tuple(OUT)?;
        for out in 0..OUT {
            rows.serialize_element(&Numbers(self.0.row(out)))?;
        }
        rows.end()
    }
}

impl<'de, T, const IN: usize, const OUT: usize> DeserializeSeed<'de>
    for Rows<&mut Panels<T, IN, OUT>>
where
    T: Float + Deserialize<'de>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_tuple(OUT, self)
    }
}

impl<'de, T, const IN: usize, const OUT: usize> Visitor<'de> for Rows<&mut Panels<T, IN, OUT>>
where
    T: Float + Deserialize<'de>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OUT} rows of {IN} weights")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let expected = Count { len: OUT, of: "rows of weights" };
        for out in 0..OUT {
            let row = Numbers(self.0.row_mut(out));
            if sequence.next_element_seed(row)?.is_none() {
                return Err(A::Error::invalid_length(out, &expected));
            }
        }
        no_more(sequence, expected)
    }
}

/// A place to be read into.
struct Place<P>(P);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Place<&mut T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::deserialize_in_place(deserializer, self.0)
    }
}

/// How a struct is read into its place, field by field: by a seed for each.
macro_rules! in_place {
    (
        {$($generics:tt)*} $struct:ident<$($arguments:ident),*> {$($bounds:tt)*} is $what:literal:
        |$place:ident| $($field:ident $variant:ident from $seed:expr),*
    ) => {
        impl<'de, $($generics)*> Visitor<'de> for Place<&mut $struct<$($arguments),*>>
        where
            $($bounds)*
        {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($what)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
                let Place($place) = self;
                let mut found = 0;
                $(
                    if sequence.next_element_seed($seed)?.is_none() {
                        return Err(A::Error::invalid_length(found, &$what));
                    }
                    found += 1;
                )*
                no_more(sequence, Count { len: found, of: "fields" })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
                #[derive(Deserialize)]
                #[serde(field_identifier, rename_all = "snake_case")]
                enum Field {
                    $($variant),*
                }

                let Place($place) = self;
                $(let mut $field = false;)*
                while let Some(field) = map.next_key()? {
                    match field {
                        $(Field::$variant => {
                            if $field {
                                return Err(A::Error::duplicate_field(stringify!($field)));
                            }
                            map.next_value_seed($seed)?;
                            $field = true;
                        })*
                    }
                }
                $(if !$field {
                    return Err(A::Error::missing_field(stringify!($field)));
                })*
                Ok(())
            }
        }
    };
}

/// As `{weights: OUT rows of IN numbers, bias: OUT numbers}`.
impl<const IN: usize, const OUT: usize, Act, T> Serialize for Dense<IN, OUT, Act, T>
where
    T: Float + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut dense = serializer.serialize_struct("Dense", 2)?;
        dense.serialize_field("weights", &Rows(self.weights()))?;
        dense.serialize_field("bias", &Numbers(self.bias().iter()))?;
        dense.end()
    }
}

/// By value, so on the stack meanwhile; `deserialize_in_place` reads a large network to where it
/// is.
impl<'de, const IN: usize, const OUT: usize, Act, T> Deserialize<'de> for Dense<IN, OUT, Act, T>
where
    T: Float + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut dense = Self::ZERO;
        Self::deserialize_in_place(deserializer, &mut dense)?;
        Ok(dense)
    }

    fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        deserializer.deserialize_struct("Dense", &["weights", "bias"], Place(place))
    }
}

in_place!(
    {const IN: usize, const OUT: usize, Act, T} Dense<IN, OUT, Act, T>
    { T: Float + Deserialize<'de> } is "a dense layer: weights and bias":
    |dense|
    weights Weights from Rows(dense.weights_mut()),
    bias Bias from Numbers(dense.bias_mut().iter_mut())
);

/// What of a trainer outlives a step.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Trainer")]
struct Parts<L, O, C, S> {
    loss: L,
    optimizer: O,
    clip: C,
    state: S,
}

impl<'de, N: Zero + Deserialize<'de>> Deserialize<'de> for AdamState<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut state = Self::ZERO;
        Self::deserialize_in_place(deserializer, &mut state)?;
        Ok(state)
    }

    fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
    where
        D: Deserializer<'de>,
    {
        let fields = &["mean", "mean_square", "beta1_power", "beta2_power"];
        deserializer.deserialize_struct("AdamState", fields, Place(place))
    }
}

in_place!(
    {N} AdamState<N> { N: Deserialize<'de> } is "the state of Adam: two networks and two powers":
    |state|
    mean Mean from Place(&mut state.mean),
    mean_square MeanSquare from Place(&mut state.mean_square),
    beta1_power Beta1Power from Place(&mut state.beta1_power),
    beta2_power Beta2Power from Place(&mut state.beta2_power)
);

macro_rules! trainer {
    ($trainer:ident, $($size:ident)*) => {
        /// The loss, the optimizer, the clipping and the optimizer's state: all that the next step
        /// needs besides the network.
        impl<N, L, O, $(const $size: usize),*> Serialize for $trainer<N, L, O, $($size),*>
        where
            N: Layer,
            L: Loss<N::Output> + Serialize,
            O: Optimizer<State<N>: Serialize> + Serialize,
        {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let $trainer { loss, optimizer, clip, .. } = self;
                Parts { loss, optimizer, clip, state: self.state() }.serialize(serializer)
            }
        }

        impl<'de, N, L, O, $(const $size: usize),*> Deserialize<'de>
            for $trainer<N, L, O, $($size),*>
        where
            N: Layer,
            L: Loss<N::Output> + Deserialize<'de>,
            O: Optimizer<State<N>: Deserialize<'de>> + Deserialize<'de>,
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let Parts { loss, optimizer, clip, state } =
                    Parts::<L, O, Option<Clip>, O::State<N>>::deserialize(deserializer)?;
                let mut trainer = $trainer::new(loss, optimizer);
                trainer.clip = clip;
                *trainer.state_mut() = state;
                Ok(trainer)
            }

            fn deserialize_in_place<D>(deserializer: D, place: &mut Self) -> Result<(), D::Error>
            where
                D: Deserializer<'de>,
            {
                let fields = &["loss", "optimizer", "clip", "state"];
                deserializer.deserialize_struct("Trainer", fields, Place(place))
            }
        }

        in_place!(
            {N, L, O, $(const $size: usize),*} $trainer<N, L, O, $($size),*>
            {
                N: Layer,
                L: Loss<N::Output> + Deserialize<'de>,
                O: Optimizer<State<N>: Deserialize<'de>> + Deserialize<'de>,
            } is "a trainer: loss, optimizer, clip and state":
            |trainer|
            loss Loss from Place(&mut trainer.loss),
            optimizer Optimizer from Place(&mut trainer.optimizer),
            clip Clip from Place(&mut trainer.clip),
            state State from Place(trainer.state_mut())
        );
    };
}

trainer!(Trainer, B);
#[cfg(feature = "parallel")]
trainer!(ParallelTrainer, B PART THREADS);

/// What of an [`OnlineSgd`] outlives a step.
#[derive(Serialize, Deserialize)]
#[serde(rename = "OnlineSgd")]
struct Online<L> {
    loss: L,
    lr: f64,
}

/// The loss and the learning rate.
impl<N: Layer, L: Loss<N::Output> + Serialize> Serialize for OnlineSgd<N, L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Online { loss: &self.loss, lr: self.lr }.serialize(serializer)
    }
}

impl<'de, N: Layer, L: Loss<N::Output> + Deserialize<'de>> Deserialize<'de> for OnlineSgd<N, L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Online { loss, lr } = Online::deserialize(deserializer)?;
        Ok(OnlineSgd::new(loss, lr))
    }
}

/// As its index.
impl<const N: usize> Serialize for Class<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.index().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Class<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Class::new(usize::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
