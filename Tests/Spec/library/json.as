# json: Python's dialect and Python's text.
print(json.loads("[]"), json.loads("{}"), json.loads(" 1 "), json.loads("-0"), json.loads("-0.0"))  # expect: [] {} 1 0 -0.0
print(json.loads('[NaN, Infinity, -Infinity, 1e400, 1E2, true, null]'))  # expect: [nan, inf, -inf, inf, 100.0, True, None]
print(json.loads('{"a": 1, "a": 2}'))  # expect: {'a': 2}
print(json.loads('"\\ud83d\\ude00 \\u00e9 \\/ \\b"') == "😀 é / \b")  # expect: True
print(json.loads('"\\ud800"') == "\ufffd")  # expect: True
print(json.loads(b'{"k": [1]}'))  # expect: {'k': [1]}
print(json.dumps([1, 1.0, 1e16, 1e-7, True, None, "é\n\"\\/", "😀"]))  # expect: [1, 1.0, 1e+16, 1e-07, true, null, "\u00e9\n\"\\/", "\ud83d\ude00"]
print(json.dumps({1: "a", 2.5: "b", True: "c", None: "d"}))  # expect: {"1": "c", "2.5": "b", "null": "d"}
print(json.dumps((1, [], {}, [[]]), indent=1, separators=(";", "=")).replace("\n", "|"))  # expect: [| 1;| [];| {};| [|  []| ]|]
print(json.dumps({"b": 1, "a": 2}, sort_keys=True, separators=(",", ":")))  # expect: {"a":2,"b":1}
