//! Weights out of a safetensors file, read by the compiler: only the numbers end up in flash.
//!
//! The file is 8 bytes with the length of a header, the header in JSON, and the numbers, all of
//! it little-endian. A tensor that is missing, or of another type or shape than its layer, is a
//! compile error.

/// W of a layer, `OUT` rows of `IN`. `name` is in quotes, as it is in the header.
pub const fn matrix<const IN: usize, const OUT: usize>(
    file: &[u8],
    name: &str,
) -> [[f32; IN]; OUT] {
    numbers(tensor(file, name, &[OUT, IN]))
}

/// b of a layer.
pub const fn vector<const OUT: usize>(file: &[u8], name: &str) -> [f32; OUT] {
    let [vector] = numbers(tensor(file, name, &[OUT]));
    vector
}

const fn numbers<const IN: usize, const OUT: usize>(mut bytes: &[u8]) -> [[f32; IN]; OUT] {
    let mut numbers = [[0.0; IN]; OUT];
    let mut index = 0;
    while let Some((number, rest)) = bytes.split_first_chunk() {
        numbers[index / IN][index % IN] = f32::from_le_bytes(*number);
        bytes = rest;
        index += 1;
    }
    numbers
}

/// The bytes of a tensor, whose entry in the header looks like this:
/// `"0.weight":{"dtype":"F32","shape":[32,64],"data_offsets":[128,8320]}`
const fn tensor<'a>(file: &'a [u8], name: &str, shape: &[usize]) -> &'a [u8] {
    let (length, rest) = file.split_first_chunk().expect("the file is shorter than 8 bytes");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);

    let mut text = after(after(header, name), ":{\"dtype\":\"F32\",\"shape\":[");
    let mut bytes = size_of::<f32>();
    let mut dimension = 0;
    while dimension < shape.len() {
        let (size, rest) = number(text);
        assert!(size == shape[dimension], "the tensor has another shape than its layer");
        bytes *= size;
        text = rest;
        dimension += 1;
    }
    let (begin, text) = number(after(text, "\"data_offsets\":["));
    let (end, _) = number(text);
    assert!(end - begin == bytes, "the tensor has another size than its shape says");
    data.split_at(begin).1.split_at(bytes).0
}

/// What follows the first `needle` in `text`.
const fn after<'a>(text: &'a [u8], needle: &str) -> &'a [u8] {
    let needle = needle.as_bytes();
    let mut start = 0;
    loop {
        assert!(start + needle.len() <= text.len(), "the file has no such tensor of type F32");
        let mut matched = 0;
        while matched < needle.len() && text[start + matched] == needle[matched] {
            matched += 1;
        }
        if matched == needle.len() {
            return text.split_at(start + matched).1;
        }
        start += 1;
    }
}

/// A number in decimal, and what follows the character after it.
pub const fn number(text: &[u8]) -> (usize, &[u8]) {
    let mut value = 0;
    let mut end = 0;
    while text[end].is_ascii_digit() {
        value = 10 * value + (text[end] - b'0') as usize;
        end += 1;
    }
    assert!(end > 0, "no number where one was expected");
    (value, text.split_at(end + 1).1)
}
