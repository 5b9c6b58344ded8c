#!/usr/bin/env python3
"""Makes Tests/Fixtures/frames/encodings.json: texts, most of them UTF-8 read as Windows-1252 or Latin-1, and
what ftfy's fix_encoding makes of them. Made with ftfy 6.3:

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
texts = list(meant)
for text in meant:
    for encoding in ["latin-1", "sloppy-windows-1252"]:
        once = text.encode().decode(encoding)
        texts.append(once)
        texts.append(once.encode().decode(encoding))
texts += ["ok “fine” but Ã© here", "Ã", "Â£5", "â€™s", "cafÃ© and 日本", "Ã  la", "voilÃ ", "1 Ã— 2", "Â", "\x93q\x94 \x85", "IÃ±tÃ«rnÃ¢tiÃ´nÃ lizÃ¦tiÃ¸n",
          "ＡÃ©", "É", "ÅÄÖ åäö", "ÉCOLE À PARIS", "Größe: 5 m²", "MAÇÃ É BOA", "€ 5", "", "a\ufffdb", "AÃ\xadda", "Ã\x83Â\xa9"]
for _ in range(60):
    parts = [rng.choice(meant) for _ in range(3)]
    damaged = rng.randrange(3)
    parts[damaged] = parts[damaged].encode().decode("sloppy-windows-1252")
    texts.append(" / ".join(parts))
cases = [[text, fix_encoding(text)] for text in dict.fromkeys(texts)]
root = pathlib.Path(__file__).parents[2]
with open(root / "Tests/Fixtures/frames/encodings.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(len(cases), "cases")
