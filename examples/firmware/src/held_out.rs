//! Digits that no network here was trained on.

use constgrad::Class;

/// A handwritten digit.
#[derive(Clone, Copy)]
pub struct Digit {
    /// 8 × 8 pixels from 0 to 16.
    pub pixels: [u8; 64],
    pub label: Class<10>,
}

impl Digit {
    /// What the network takes: pixels from 0 to 1.
    pub fn input(&self) -> [f32; 64] {
        self.pixels.map(|pixel| f32::from(pixel) / 16.0)
    }
}

/// The digits that the networks were not trained on.
pub static HELD_OUT: [Digit; 100] = parse(include_bytes!("../data/held_out.csv"));

/// Lines of 64 pixels and a label. Another number of lines is a compile error.
const fn parse<const N: usize>(mut table: &[u8]) -> [Digit; N] {
    const fn class(index: usize) -> Class<10> {
        match Class::new(index) {
            Ok(class) => class,
            Err(_) => panic!("a label is no digit"),
        }
    }

    /// A number in decimal, and what follows the character after it.
    const fn number(text: &[u8]) -> (usize, &[u8]) {
        let mut value = 0;
        let mut end = 0;
        while text[end].is_ascii_digit() {
            value = 10 * value + (text[end] - b'0') as usize;
            end += 1;
        }
        assert!(end > 0, "no number where one was expected");
        (value, text.split_at(end + 1).1)
    }

    let mut digits = [Digit { pixels: [0; 64], label: class(0) }; N];
    let mut line = 0;
    while line < N {
        let mut value;
        let mut pixel = 0;
        while pixel < 64 {
            (value, table) = number(table);
            assert!(value <= 16, "a pixel is not from 0 to 16");
            digits[line].pixels[pixel] = value as u8;
            pixel += 1;
        }
        (value, table) = number(table);
        digits[line].label = class(value);
        line += 1;
    }
    assert!(table.is_empty(), "the table has more lines than digits are wanted");
    digits
}
