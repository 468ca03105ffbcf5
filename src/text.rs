//! Text put together without a heap, also in a constant, where nothing can be formatted.

use core::fmt;

/// Up to `N` bytes of text; the end of what does not fit is "…".
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<const N: usize> {
    bytes: [u8; N],
    len: u16,
    cut: bool,
}

const ELLIPSIS: &[u8] = "…".as_bytes();

impl<const N: usize> Text<N> {
    pub(crate) const fn new() -> Self {
        const { assert!(N >= ELLIPSIS.len() && N <= u16::MAX as usize) };
        Text { bytes: [0; N], len: 0, cut: false }
    }

    /// Appends UTF-8.
    const fn push_bytes(&mut self, text: &[u8]) {
        let mut i = 0;
        while i < text.len() && !self.cut {
            let mut end = i + 1;
            // A character whole, or not at all.
            while end < text.len() && text[end] & 0xc0 == 0x80 {
                end += 1;
            }
            self.cut = self.len as usize + (end - i) > N - ELLIPSIS.len();
            let (character, from) = if self.cut { (ELLIPSIS, 0) } else { (text, i) };
            let length = if self.cut { ELLIPSIS.len() } else { end - i };
            let mut k = 0;
            while k < length {
                self.bytes[self.len as usize] = character[from + k];
                self.len += 1;
                k += 1;
            }
            i = end;
        }
    }

    pub(crate) const fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    pub(crate) const fn push_char(&mut self, character: char) {
        self.push_bytes(character.encode_utf8(&mut [0; 4]).as_bytes());
    }

    pub(crate) const fn push_number(&mut self, number: u64) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        self.push_bytes(&[b'0' + (number % 10) as u8]);
    }

    pub(crate) const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.len as usize).0) {
            Ok(text) => text,
            Err(_) => unreachable!(),
        }
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        let of = |text: &str| {
            let mut cut = Text::<10>::new();
            cut.push(text);
            cut.push_number(12);
            std::string::String::from(cut.as_str())
        };
        assert_eq!(of("abc"), "abc12");
        assert_eq!(of("abcdef"), "abcdef1…");
        assert_eq!(of("abcdefg"), "abcdefg…");
        assert_eq!(of("abcdeäö"), "abcdeä…");
        assert_eq!(of("abcdefä"), "abcdef…");
    }
}
