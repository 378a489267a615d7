//! The architectures that the door is built for.

/// An architecture, as Debian names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum Architecture {
    /// 64-bit Intel and AMD.
    Amd64,
    /// 64-bit Arm: Raspberry Pi 3, 4, 5 and Zero 2 W.
    Arm64,
    /// 32-bit Arm from version 7 on: Raspberry Pi 2 and later with a 32-bit system.
    Armhf,
}

impl Architecture {
    /// That of this computer, if the door is built for it.
    pub fn of_this_computer() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::Amd64),
            "aarch64" => Some(Self::Arm64),
            "arm" => Some(Self::Armhf),
            _ => None,
        }
    }

    /// Debian's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Armhf => "armhf",
        }
    }

    /// The compiler's name.
    pub fn target(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::Armhf => "armv7-unknown-linux-gnueabihf",
        }
    }

    /// The prefix of the compiler and its tools for this architecture.
    pub fn triplet(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64-linux-gnu",
            Self::Arm64 => "aarch64-linux-gnu",
            Self::Armhf => "arm-linux-gnueabihf",
        }
    }

    /// Debian's packages with a linker and a C library for this architecture.
    pub fn linker_packages(self) -> [&'static str; 2] {
        match self {
            Self::Amd64 => ["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
            Self::Arm64 => ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
            Self::Armhf => ["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"],
        }
    }

    /// The program that loads another one's libraries, and where they lie on a computer with 64-bit Arm. `None` where they are
    /// none of its.
    pub fn libraries(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Amd64 => None,
            Self::Arm64 => Some(["ld-linux-aarch64.so.1", "lib"]),
            Self::Armhf => Some(["ld-linux-armhf.so.3", "lib/arm-linux-gnueabihf"]),
        }
    }
}
