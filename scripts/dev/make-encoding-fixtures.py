#!/usr/bin/env python3
"""Makes Tests/Fixtures/frames/encodings.json: texts, most of them UTF-8 read as Windows-1252 or Latin-1, and
what ftfy's fix_encoding makes of them. Texts that ftfy leaves half repaired are not among them: it takes some damaged pieces for
meant where they stand beside sound ones. Made with ftfy 6.3:

    .venv/bin/pip install ftfy && .venv/bin/python scripts/dev/make-encoding-fixtures.py
"""

import json
import pathlib
import random

from ftfy import fix_encoding

rng = random.Random(5)
meant = ["schön", "l’Humanité — “Ça va?”", "naïve café, 5 €", "日本語のテキスト", "Привет, мир!", "emoji 😀👍🏽 ok", "Ωμέγα και άλφα",
         "à la carte, voilà", "São Paulo: R$ 5 · não", "x² ± 3 × 10⁻⁶ ≤ ∞", "žluťoučký kůň", "İstanbul'da ğüşı", "한국어 문장", "שלום עולם",
         "مرحبا", "हिन्दी", "“quotes” ‘single’ … – —", "Ñandú y cigüeña", "Łódź, Gdańsk", "plain ASCII", "©2024 ® ™", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢"]
texts = {text: text for text in meant}
for text in meant:
    for encoding in ["latin-1", "sloppy-windows-1252"]:
        once = text.encode().decode(encoding)
        texts[once] = text
        texts[once.encode().decode(encoding)] = text
for text in ["ok “fine” but Ã© here", "Ã", "Â£5", "â€™s", "cafÃ© and 日本", "Ã  la", "voilÃ ", "1 Ã— 2", "Â", "\x93q\x94 \x85", "IÃ±tÃ«rnÃ¢tiÃ´nÃ lizÃ¦tiÃ¸n",
          "ＡÃ©", "É", "ÅÄÖ åäö", "ÉCOLE À PARIS", "Größe: 5 m²", "MAÇÃ É BOA", "€ 5", "", "a\ufffdb", "AÃ\xadda", "Ã\x83Â\xa9"]:
    texts[text] = fix_encoding(text)
for _ in range(60):
    parts = [rng.choice(meant) for _ in range(3)]
    whole = " / ".join(parts)
    damaged = rng.randrange(3)
    parts[damaged] = parts[damaged].encode().decode("sloppy-windows-1252")
    texts[" / ".join(parts)] = whole
cases = [[text, fix_encoding(text)] for text, whole in texts.items() if fix_encoding(text) == whole]
root = pathlib.Path(__file__).parents[2]
with open(root / "Tests/Fixtures/frames/encodings.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(len(cases), "cases,", len(texts) - len(cases), "left half repaired")
