//! As much JSON as the header of a safetensors file has: objects, strings, whole numbers and lists
//! of them.

use super::error::{Problem, WeightsError};

/// `?`, which constants do not have.
macro_rules! ok {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}
pub(super) use ok;

/// `bytes[from..to]`.
pub(super) const fn part(bytes: &[u8], from: usize, to: usize) -> &[u8] {
    bytes.split_at(to).0.split_at(from).1
}

/// A place in the header.
///
/// The compiler counts calls, also that of `len`, and turns of loops, and lets a constant have 2
/// million (see `number`): here it is one of them for most bytes.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    text: &'a [u8],
    end: usize,
    at: usize,
}

/// Bytes of the file before its header.
pub(super) const LENGTH: usize = 8;

impl<'a> Reader<'a> {
    /// At the beginning of a header, which is UTF-8.
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Reader { text, end: text.len(), at: 0 }
    }

    /// An error at this place.
    pub(super) const fn error<T>(&self, expected: &'static str) -> Result<T, WeightsError> {
        Err(WeightsError::new(Problem::Header { at: LENGTH + self.at, expected }))
    }

    /// The next byte, or 0, which JSON does not have, at the end.
    const fn peek(&self) -> u8 {
        if self.at < self.end { self.text[self.at] } else { 0 }
    }

    const fn skip_space(&mut self) {
        let (text, end) = (self.text, self.end);
        while self.at < end && matches!(text[self.at], b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// To the byte after the next `token`, which is not among the next `not` bytes.
    pub(super) const fn skip_behind(&mut self, token: u8, not: usize) {
        let (text, end, mut at) = (self.text, self.end, self.at + not);
        while at < end && text[at] != token {
            at += 1;
        }
        self.at = if at < end { at + 1 } else { end };
    }

    pub(super) const fn is_at_end(&mut self) -> bool {
        self.skip_space();
        self.at == self.end
    }

    /// Whether the next token is this; then it is taken.
    pub(super) const fn takes(&mut self, token: u8) -> bool {
        if self.at < self.end && matches!(self.text[self.at], b' ' | b'\t' | b'\n' | b'\r') {
            self.skip_space();
        }
        let is = self.at < self.end && self.text[self.at] == token;
        self.at += is as usize;
        is
    }

    pub(super) const fn take(
        &mut self,
        token: u8,
        expected: &'static str,
    ) -> Result<(), WeightsError> {
        if self.takes(token) { Ok(()) } else { self.error(expected) }
    }

    /// A string, all of whose escapes are right.
    pub(super) const fn string(&mut self) -> Result<Quoted<'a>, WeightsError> {
        ok!(self.take(b'"', "a string"));
        let start = self.at;
        loop {
            let (text, end, mut at) = (self.text, self.end, self.at);
            while at < end && text[at] >= 0x20 && text[at] != b'"' && text[at] != b'\\' {
                at += 1;
            }
            self.at = at;
            match self.peek() {
                b'"' => break,
                b'\\' => ok!(self.escape()),
                _ => return self.error("the end of a string"),
            }
        }
        let quoted = Quoted { text: self.text, start, end: self.at };
        self.at += 1;
        Ok(quoted)
    }

    const fn escape(&mut self) -> Result<(), WeightsError> {
        self.at += 1;
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                let first = ok!(self.unit());
                let lead = matches!(first, 0xd800..0xdc00);
                let paired = lead && self.peek() == b'\\' && {
                    self.at += 1;
                    matches!(ok!(self.unit()), 0xdc00..0xe000)
                };
                if lead != paired || matches!(first, 0xdc00..0xe000) {
                    return self.error("a pair of surrogates");
                }
            }
            _ => return self.error("an escape of JSON"),
        }
        Ok(())
    }

    /// `u` and four digits.
    const fn unit(&mut self) -> Result<u32, WeightsError> {
        if self.peek() != b'u' {
            return self.error("a pair of surrogates");
        }
        self.at += 1;
        let (mut unit, mut digits) = (0, 0);
        while digits < 4 {
            match (self.peek() as char).to_digit(16) {
                Some(digit) => unit = 16 * unit + digit,
                None => return self.error("four digits"),
            }
            self.at += 1;
            digits += 1;
        }
        Ok(unit)
    }

    /// A number that is whole and not negative, below 2⁶⁴.
    pub(super) const fn number(&mut self) -> Result<u64, WeightsError> {
        const EXPECTED: &str = "a whole number below 2^64";
        self.skip_space();
        let start = self.at;
        let mut number = 0;
        while self.at < self.end && self.text[self.at].is_ascii_digit() {
            let digit = (self.text[self.at] - b'0') as u64;
            if number > u64::MAX / 10 || 10 * number > u64::MAX - digit {
                return self.error(EXPECTED);
            }
            number = 10 * number + digit;
            self.at += 1;
        }
        let digits = self.at - start;
        let leading_zero = digits > 1 && self.text[start] == b'0';
        if digits == 0 || leading_zero || matches!(self.peek(), b'.' | b'e' | b'E') {
            return self.error(EXPECTED);
        }
        Ok(number)
    }

    /// A list of numbers: how many there are, and its text from `[` on.
    pub(super) const fn numbers(&mut self) -> Result<Numbers<'a>, WeightsError> {
        let start = *self;
        ok!(self.take(b'[', "a list"));
        let mut len = 0;
        if !self.takes(b']') {
            loop {
                ok!(self.number());
                len += 1;
                if self.takes(b']') {
                    break;
                }
                ok!(self.take(b',', "`,` or `]`"));
            }
        }
        Ok(Numbers { start, len })
    }
}

/// A list of numbers that has been read once.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    /// Before the `[`.
    start: Reader<'a>,
    pub(super) len: usize,
}

impl<'a> Numbers<'a> {
    /// What is before the first number: `next` of it reads that.
    pub(super) const fn start(self) -> Reader<'a> {
        self.start
    }

    /// The next number, from [`start`](Self::start) on.
    pub(super) const fn next(reader: &mut Reader<'_>) -> Option<u64> {
        // `[` or `,`, or the end.
        if !reader.takes(b'[') && !reader.takes(b',') {
            return None;
        }
        match reader.number() {
            Ok(number) => Some(number),
            Err(_) => None,
        }
    }
}

/// What is between the quotes of a string, escapes as they are in the file.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'a> {
    // Not a slice of it: slicing is a dozen calls.
    text: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Quoted<'a> {
    pub(super) const EMPTY: Quoted<'static> = Quoted { text: &[], start: 0, end: 0 };

    pub(super) const fn characters(self) -> Characters<'a> {
        Characters { text: self.text, at: self.start, end: self.end }
    }

    /// Whether the string is this.
    pub(super) const fn is(self, text: &str) -> bool {
        let mut characters = self.characters();
        characters.take(text) && characters.is_at_end()
    }

    /// −1, 0 or 1, as this string is before, equal to or after the other, in the order of UTF-8.
    pub(super) const fn compare(self, other: Quoted<'_>) -> i8 {
        let (a, b) = (self.text, other.text);
        let (mut i, mut j) = (self.start, other.start);
        while i < self.end && j < other.end && a[i] == b[j] && a[i] != b'\\' {
            i += 1;
            j += 1;
        }
        let escaped = i < self.end && a[i] == b'\\' || j < other.end && b[j] == b'\\';
        if !escaped {
            let before = j < other.end && (i == self.end || a[i] < b[j]);
            return if before { -1 } else { (i < self.end) as i8 };
        }
        let (mut a, mut b) = (self.characters(), other.characters());
        loop {
            match (a.next(), b.next()) {
                (None, None) => return 0,
                (None, Some(_)) => return -1,
                (Some(_), None) => return 1,
                (Some(a), Some(b)) if a as u32 != b as u32 => {
                    return if (a as u32) < b as u32 { -1 } else { 1 };
                }
                _ => {}
            }
        }
    }
}

/// The characters that a string stands for.
#[derive(Clone, Copy)]
pub(super) struct Characters<'a> {
    text: &'a [u8],
    at: usize,
    end: usize,
}

impl Characters<'_> {
    pub(super) const fn is_at_end(&self) -> bool {
        self.at == self.end
    }

    /// Whether these characters come next; then they are taken.
    pub(super) const fn take(&mut self, text: &str) -> bool {
        let (raw, end, text) = (self.text, self.end, text.as_bytes());
        let (mut at, mut taken, length) = (self.at, 0, text.len());
        while taken < length {
            if at < end && raw[at] != b'\\' {
                if raw[at] != text[taken] {
                    return false;
                }
                at += 1;
                taken += 1;
            } else {
                let mut ahead = Characters { at, ..*self };
                let Some(character) = ahead.next() else { return false };
                let mut buffer = [0; 4];
                let bytes = character.encode_utf8(&mut buffer).as_bytes();
                let mut byte = 0;
                while byte < bytes.len() {
                    if taken == length || bytes[byte] != text[taken] {
                        return false;
                    }
                    taken += 1;
                    byte += 1;
                }
                at = ahead.at;
            }
        }
        self.at = at;
        true
    }

    /// Whether a number comes next, in decimal; then it is taken.
    pub(super) const fn take_number(&mut self, number: usize) -> bool {
        let mut power = 1;
        while number / power >= 10 {
            power *= 10;
        }
        let mut ahead = *self;
        while power > 0 {
            match ahead.next() {
                Some(digit) if digit as usize == '0' as usize + number / power % 10 => {}
                _ => return false,
            }
            power /= 10;
        }
        *self = ahead;
        true
    }

    pub(super) const fn next(&mut self) -> Option<char> {
        if self.is_at_end() || self.text[self.at] != b'\\' {
            return self.next_plain();
        }
        let escape = self.text[self.at + 1];
        self.at += 2;
        let character = match escape {
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let first = self.unit();
                if matches!(first, 0xd800..0xdc00) {
                    // `\u` of the second.
                    self.at += 2;
                    0x1_0000 + ((first & 0x3ff) << 10) + (self.unit() & 0x3ff)
                } else {
                    first
                }
            }
            itself => itself as u32,
        };
        char::from_u32(character)
    }

    const fn unit(&mut self) -> u32 {
        let (mut unit, mut digits) = (0, 0);
        while digits < 4 {
            if let Some(digit) = (self.text[self.at] as char).to_digit(16) {
                unit = 16 * unit + digit;
            }
            self.at += 1;
            digits += 1;
        }
        unit
    }

    /// The next character of UTF-8 without escapes.
    const fn next_plain(&mut self) -> Option<char> {
        if self.is_at_end() {
            return None;
        }
        let first = self.text[self.at] as u32;
        self.at += 1;
        let (mut character, more) = match first {
            0..0x80 => (first, 0),
            0x80..0xe0 => (first & 0x1f, 1),
            0xe0..0xf0 => (first & 0xf, 2),
            _ => (first & 7, 3),
        };
        let mut read = 0;
        while read < more && self.at < self.end {
            character = character << 6 | (self.text[self.at] & 0x3f) as u32;
            self.at += 1;
            read += 1;
        }
        char::from_u32(character)
    }
}
