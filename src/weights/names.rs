use super::error::{Problem, WeightsError};
use super::json::Quoted;
use crate::tensors::{Place, TensorInfo};
use crate::text::Text;

/// What a file calls the layers of a network.
///
/// A tensor's name is that of its layer, a dot, and `weight` or `bias`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names<'a>(Scheme<'a>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme<'a> {
    Prefix(&'a str),
    List(&'a [&'a str]),
}

impl<'a> Names<'a> {
    /// Those of PyTorch's `nn.Sequential`, which numbers its modules, activations too: `0.weight`,
    /// `0.bias`, `2.weight`, ...
    pub const SEQUENTIAL: Names<'static> = Names::prefix("");

    /// Those of an `nn.Sequential` that is part of something larger: with `"actor."`,
    /// `actor.0.weight`, `actor.0.bias`, `actor.2.weight`, ... Tensors whose names do not begin so
    /// belong to something else, and are not looked at.
    pub const fn prefix(prefix: &'a str) -> Self {
        Names(Scheme::Prefix(prefix))
    }

    /// A name for each layer, first to last: with `&["fc1", "out"]`, `fc1.weight`, `fc1.bias`,
    /// `out.weight`, `out.bias`. A layer without a name, `""`, has `weight` and `bias`.
    pub const fn list(layers: &'a [&'a str]) -> Self {
        Names(Scheme::List(layers))
    }

    /// That there is one name for each layer, and no name is used twice.
    pub(super) const fn check(&self, layers: usize) -> Result<(), WeightsError> {
        let Scheme::List(names) = self.0 else { return Ok(()) };
        if names.len() != layers {
            return Err(WeightsError::new(Problem::Names { found: names.len(), layers }));
        }
        let mut a = 0;
        while a < layers {
            let mut b = 0;
            while b < a {
                if same(names[a], names[b]) {
                    let mut name = Text::new();
                    name.push(names[a]);
                    return Err(WeightsError::named(name, Problem::SameName));
                }
                b += 1;
            }
            a += 1;
        }
        Ok(())
    }

    /// The parts of a tensor's name: of its layer, its number if that has one, and the rest.
    pub(super) const fn parts(
        &self,
        place: Place,
        tensor: &TensorInfo,
    ) -> (&'a str, Option<usize>, [&'static str; 2]) {
        match self.0 {
            Scheme::Prefix(prefix) => (prefix, Some(place.module), [".", tensor.name()]),
            Scheme::List(names) => {
                let layer = if place.layer < names.len() { names[place.layer] } else { "" };
                (layer, None, [if layer.is_empty() { "" } else { "." }, tensor.name()])
            }
        }
    }

    /// Whether a file's name is that of a tensor.
    pub(super) const fn matches(
        &self,
        name: Quoted<'_>,
        place: Place,
        tensor: &TensorInfo,
    ) -> bool {
        let (layer, module, [dot, own]) = self.parts(place, tensor);
        let mut rest = name.characters();
        rest.take(layer)
            && match module {
                Some(module) => rest.take_number(module),
                None => true,
            }
            && rest.take(dot)
            && rest.take(own)
            && rest.is_at_end()
    }

    /// Whether a tensor of a file may be none of the network's.
    pub(super) const fn ignores(&self, name: Quoted<'_>) -> bool {
        match self.0 {
            Scheme::Prefix(prefix) => !name.characters().take(prefix),
            Scheme::List(_) => false,
        }
    }

    /// The name of a tensor.
    #[cfg(feature = "std")]
    pub(super) fn name(&self, place: Place, tensor: &TensorInfo) -> std::string::String {
        let (layer, module, [dot, own]) = self.parts(place, tensor);
        match module {
            Some(module) => std::format!("{layer}{module}{dot}{own}"),
            None => std::format!("{layer}{dot}{own}"),
        }
    }

    /// The name of a tensor, for a message.
    pub(super) const fn text(&self, place: Place, tensor: &TensorInfo) -> Text<40> {
        let (layer, module, [dot, own]) = self.parts(place, tensor);
        let mut text = Text::new();
        text.push(layer);
        if let Some(module) = module {
            text.push_number(module as u64);
        }
        text.push(dot);
        text.push(own);
        text
    }
}

impl Default for Names<'_> {
    fn default() -> Self {
        Names::SEQUENTIAL
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}
