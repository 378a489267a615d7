//! ONNX files that are written here, run by ONNX Runtime from PyPI.
#![forbid(unsafe_code)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use encoder::{Embeddings, Encoder, Head, Images, Optimizer, Preprocessing, Source, Spec, Trainable};
use fixtures::{Need, need};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn noise(count: usize, (height, width): (usize, usize)) -> Images {
    let mut random = fastrand::Rng::with_seed(2);
    Images { height, width, pixels: (0..count * height * width * 3).map(|_| random.u8(..)).collect() }
}

/// What ONNX Runtime says to an ONNX file.
fn by_onnxruntime(onnx: &[u8], images: &Images) -> Vec<f32> {
    let packages = root().join(".cache/python");
    assert!(packages.is_dir(), "{} is not there; run `cargo xtask setup`", packages.display());
    let mut model = tempfile::NamedTempFile::new().expect("a file");
    model.write_all(onnx).expect("room");
    let mut child = Command::new("python3")
        .arg(root().join("host/encoder/tools/run_onnx.py"))
        .arg(model.path())
        .args([images.count(), images.height, images.width].map(|n| n.to_string()))
        .env("PYTHONPATH", packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    child.stdin.take().expect("it reads").write_all(&images.pixels).expect("it reads all");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", output.status);
    output.stdout.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

fn check(encoder: &mut Encoder) {
    let images = noise(4, encoder.input());
    for _ in 0..2 {
        encoder.step(&images, 1e-4, &mut |embeddings| {
            let values = embeddings.values.iter().map(|value| value.sin()).collect();
            Some(Embeddings { values, ..*embeddings })
        });
    }
    let ours = encoder.embed(&images);
    let theirs = by_onnxruntime(&encoder.to_onnx(), &images);
    assert_eq!(ours.values.len(), theirs.len());
    let largest = theirs.iter().fold(0f32, |most, value| most.max(value.abs()));
    for (ours, theirs) in ours.values.iter().zip(theirs) {
        assert!((ours - theirs).abs() < 1e-5 * largest, "{ours}, not {theirs}");
    }
}

#[test]
fn trained_networks_run_in_onnxruntime() {
    need!(Need::Python, Need::Cached("models"));
    let spec = Spec { width: 0.5, ..Spec::default() };
    check(&mut Encoder::new(&spec, 1, Optimizer::default()).expect("it is sound"));
    for (name, mean, scale) in [("mobilefacenet", 127.0, 1.0 / 128.0), ("sface", 0.0, 1.0)] {
        let path = root().join(format!(".cache/models/{name}.onnx"));
        let onnx = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask setup`", path.display()));
        let source = Source { onnx: &onnx, preprocessing: Preprocessing { mean, scale }, head: Head::Keep };
        check(&mut Encoder::read(&source, Optimizer::default()).expect(name));
    }
}
