// `bundle`: a folder that runs a script where nothing else is.

import ArenaCore
import Glibc
import Testing

/// Whether this machine lets us change the root, as a bare one is tried.
private let mayChangeRoot =
    geteuid() == 0
    && system("unshare -m sh -c 'mount --bind /proc /proc && chroot / true' 2>/dev/null") == 0

@Suite struct BundleTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        _ = try shell("mkdir -p scripts lib", in: folder)
        try folder.write("lib/words.as", "def shout(s):\n    return s.upper()\n")
        try folder.write(
            "scripts/helper.as",
            "load(\"../lib/words.as\", \"shout\")\ndef twice(s):\n    return shout(s) * 2\n"
        )
        try folder.write(
            "scripts/it's.as",
            "import json\nload(\"helper.as\", \"twice\")\ncfg = params(word=\"a\")\nprint(twice(cfg.word), argv[1:])\n"
        )
    }

    @Test func theFolderRunsTheScriptAnywhere() throws {
        let made = try shell("arenascript bundle \"scripts/it's.as\" -o out/", in: folder)
        #expect(made.code == 0, "\(made.errors)")
        #expect(made.output == "out: 3 files; to run it: sh out/run\n")
        _ = try shell("mv out elsewhere && rm -r scripts lib && mkdir -p a/b", in: folder)
        let names = try shell("cd elsewhere && find . -type f | sort", in: folder)
        #expect(
            names.output
                == "./MANIFEST.json\n./arenascript\n./lib/words.as\n./run\n./scripts/helper.as\n./scripts/it's.as\n"
        )
        let run = try shell("cd a/b && sh ../../elsewhere/run --set word=xy more", in: folder)
        #expect(run.output == "XYXY ['more']\n", "\(run.errors)")
        // The right to run may be lost on the way.
        let lost = try shell("chmod -x elsewhere/*; sh elsewhere/run", in: folder)
        #expect(lost.output == "AA []\n", "\(lost.errors)")
    }

    @Test func theManifestHasEveryHash() throws {
        _ = try shell("arenascript bundle \"scripts/it's.as\" -o out", in: folder)
        let text = try #require(folder.read("out/MANIFEST.json"))
        let manifest = try JSONDocument(Array(text.utf8), name: "manifest").root
        let files = try #require(manifest["files"]?.elements)
        #expect(files.count == 5)
        for file in files {
            let path = try #require(file["path"]?.string)
            let sum = try shell("sha256sum < \"out/\(path)\"", in: folder)
            #expect(sum.output.hasPrefix(try #require(file["sha256"]?.string)))
        }
    }

    @Test func whatCannotBeBundledIsRefused() throws {
        _ = try shell("mkdir out", in: folder)
        let there = try shell("arenascript bundle scripts/helper.as -o out", in: folder)
        #expect(there.errors.contains("out is there already"))
        #expect(there.code == 66)
        let nowhere = try shell("arenascript bundle scripts/helper.as -o no/where/out", in: folder)
        #expect(nowhere.code == 0)
        let missing = try shell("arenascript bundle missing.as -o o", in: folder)
        #expect(missing.code == 66)
        try folder.write("a.as", "load(\"\(folder.path)/lib/words.as\", \"shout\")\n")
        let absolute = try shell("arenascript bundle a.as -o o", in: folder)
        #expect(absolute.errors.contains("by its whole path"))
        try folder.write("b.as", "x = (\n")
        #expect(try shell("arenascript bundle b.as -o o", in: folder).code == 65)
        #expect(
            try shell("ls -A | grep -v '^[.]std'", in: folder).output
                == "a.as\nb.as\nlib\nno\nout\nscripts\n")
    }

    @Test(.enabled(if: mayChangeRoot, "changing the root needs root"))
    func itRunsWhereNothingIsInstalled() throws {
        _ = try shell("arenascript bundle \"scripts/it's.as\" -o root/bundle", in: folder)
        // A shell and the libraries that every system has; no other file.
        let made = try shell(
            """
            set -e
            for file in $(ldd root/bundle/arenascript /bin/sh | grep -o '/[^ ]*\\.so[^ ]*') /bin/sh; do
                mkdir -p "root$(dirname $file)" && cp -L $file "root$file"
            done
            mkdir -p root/tmp root/proc
            """, in: folder)
        #expect(made.code == 0, "\(made.errors)")
        let run = try shell(
            """
            export PATH="$PATH:/usr/sbin:/sbin"
            unshare -m sh -c 'mount --bind /proc root/proc &&
                env -i $(command -v chroot) root /bin/sh /bundle/run --set word=bare'
            """, in: folder)
        #expect(run.output == "BAREBARE []\n", "\(run.errors)")
        #expect(run.code == 0)
    }
}
