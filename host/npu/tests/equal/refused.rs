//! What an NPU cannot compute with the same bytes is refused, with the number of the operator and the reason.

use compiler::image::Aligned;
use fixtures::{Need, need};
use nn::format::{OperatorRecord, code};

/// A network, the operator in it that is changed, how, and the reason of the refusal.
type Case = (&'static str, u8, fn(&mut OperatorRecord), &'static str);

/// The refusal of a network of which operator `number`, the first one that `is` one of these, was changed.
fn refusal(name: &str, is: u8, change: impl Fn(&mut OperatorRecord)) -> String {
    let path = models::image(name).expect("an image");
    let file = Aligned::new(&std::fs::read(&path).expect("read"));
    let mut image = npu::Image::read(file.bytes()).expect("an image");
    npu::lower::network(&image).expect("unchanged it is taken");
    let mut operators = image.operators.to_vec();
    let number = operators.iter().position(|record| record.code == is).expect("there is one");
    change(&mut operators[number]);
    image.operators = &operators;
    let error = npu::lower::network(&image).expect_err("it is refused").to_string();
    assert!(error.starts_with(&format!("operator {number} (")), "{error}");
    assert!(error.ends_with("the processor runs it, so leave out --npu"), "{error}");
    error
}

#[test]
fn each_operator_without_a_form_is_refused_with_its_number_and_the_reason() {
    need!(Need::Cached("images/yunet.pstn"));
    let cases: [Case; 5] = [
        ("slim-60", code::CONV, |record| record.code = 0xee, "this version does not know it"),
        ("slim-60", code::DEPTHWISE, |record| record.input[0] = record.output, "its input is never written"),
        // The engine would shift by so much that no operand of the NPU comes near.
        ("slim-60", code::ADD, |record| record.factor = [i32::MAX, 1], "no form of its sum"),
        ("yunet", code::MAX_POOL, |record| record.pad = [1, 1], "its windows do not tile the input"),
        ("yunet", code::MAX_POOL, |record| record.kernel = [3, 3], "its windows do not tile the input"),
    ];
    for (network, is, change, reason) in cases {
        let error = refusal(network, is, change);
        assert!(error.contains(reason), "{network}: {error}");
    }
}
