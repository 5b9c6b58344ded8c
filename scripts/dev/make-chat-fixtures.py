#!/usr/bin/env python3
"""Make Tests/Fixtures/chat-templates.json: chat templates in the manner of the known families, conversations,
and what transformers renders of them; and Tests/Fixtures/word-index.json: what Keras' documented word
tokenizer gives for texts, by a plain Python function that follows its documentation.

    make-chat-fixtures.py

The templates are written for this file: they use the statements, tests, filters and methods that those of
Llama 2, 3 and 3.1, Mistral, Nemo, Gemma, Qwen2, Phi-3, InternLM2 and Yi use.  Needs: transformers, jinja2.
"""

import json
import os
import random

from transformers.utils.chat_template_utils import render_jinja_template

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "..", "Tests", "Fixtures")

TEMPLATES = {
    "chatml": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + "
    "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "headers": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = "
    "'<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + "
    "'<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}",
    "turns": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') "
    "}}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}"
    "{% endif %}{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}",
    "inst": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = "
    "messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
    "{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}"
    "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}"
    "{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + "
    "content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + "
    "eos_token }}{% endif %}{% endfor %}",
    "blocks": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}

{#- This block checks for alternating messages #}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, roles must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}

{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS]" + (tools | tojson) + "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST]" + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST]" + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- message["content"] + eos_token}}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported!") }}
    {%- endif %}
{%- endfor %}
""",
    "lines": """{% for message in messages %}
{% if message['role'] == 'system' %}
{{'<|system|>' + '\\n' + message['content'] + '<|end|>' + '\\n'}}
  {% elif message['role'] == 'user' %}
    {{'<|user|>'}}
{{ message['content'] -}}
<|end|>
{%- else %}
<|assistant|>
{{ message['content'] }}<|end|>
{% endif %}
{% endfor %}
{% if add_generation_prompt %}
<|assistant|>
{% else %}
{{ eos_token }}
{% endif %}
""",
    "dated": """{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" + system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if message.role in ['user', 'assistant'] and not 'tool_calls' in message %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif message.content is mapping or message.content is iterable %}
        {{- message.content | tojson }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "odd": """{%- for m in messages if m.role != 'system' -%}
{{ loop.index }}/{{ loop.length }} {{ m.role|upper }}: {{ m.content.split('\\n')[-1].lstrip('.') ~ (loop.last and '!' or '') }}
{%- if not loop.last %} | {% endif -%}
{%- else -%}nobody{%- endfor %}
{% set ns = namespace(found=false) %}{% for m in messages %}{% if m.content is string and 'x' in m.content %}{% set ns.found = true %}{% endif %}{% endfor %}
  {{ ns.found }} {{ [1, 2.5, none, 'a\\'b', {'k': true}] }} {{ messages|length }} {{ messages|map(attribute='role')|join(',') }}
{% for k, v in messages[0].items() %}{{ k }}={{ v|replace('a', '4') }};{% endfor %}{{ range(3)|list }}{{ undefined_name }}{{ messages[-1].content[:3] }}{{ "é\\n"|tojson }}{{ 7 // 2 }}{{ -7 % 3 }}{{ 1 if 0 else 'n' }}{{ messages[9].x if messages[9] is defined else 'none' }}{% set y %}block {{ 1 + 1 }}{% endset %}{{ y }}{# gone #}
{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}
""",
}


def conversations():
    user = lambda text: {"role": "user", "content": text}
    said = lambda text: {"role": "assistant", "content": text}
    system = lambda text: {"role": "system", "content": text}
    return [
        [user("Hello")],
        [user("  Hello \n"), said(" Hi.\nWhat x? "), user("é 中 \"quoted\" \\ 'single'")],
        [system(" Be brief. "), user("one"), said("two"), user("three")],
        [user("one"), user("two")],
        [system("only")],
        [user("")],
    ]


def keras(texts, later, num_words, oov, lower, char_level):
    """By the documentation of keras.preprocessing.text.Tokenizer."""
    filters = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'

    def words(text):
        if lower:
            text = text.lower()
        if char_level:
            return list(text)
        return [w for w in text.translate({ord(c): " " for c in filters}).split(" ") if w]

    counts = {}
    for text in texts:
        for word in words(text):
            counts[word] = counts.get(word, 0) + 1
    order = ([oov] if oov else []) + sorted(counts, key=lambda w: counts[w], reverse=True)
    index = dict(zip(order, range(1, len(order) + 1)))
    rows = []
    for text in later:
        row = []
        for word in words(text):
            i = index.get(word)
            if i is not None and (not num_words or i < num_words):
                row.append(i)
            elif oov:
                row.append(index[oov])
        rows.append(row)
    return index, rows


def pad(rows, maxlen, padding, truncating, value):
    result = []
    for row in rows:
        row = row[-maxlen:] if truncating == "pre" else row[:maxlen]
        fill = [value] * (maxlen - len(row))
        result.append(fill + row if padding == "pre" else row + fill)
    return result


def main():
    cases = []
    for name, template in TEMPLATES.items():
        for messages in conversations():
            for prompt in (False, True):
                variables = {"bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": prompt}
                case = {"template": name, "messages": messages, "prompt": prompt}
                try:
                    rendered, _ = render_jinja_template(
                        conversations=[messages], chat_template=template, **variables)
                    case["text"] = rendered[0]
                except Exception as error:
                    case["error"] = str(error)
                cases.append(case)
    path = os.path.join(FIXTURES, "chat-templates.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"templates": TEMPLATES, "cases": cases}, file, ensure_ascii=False, indent=0)
        file.write("\n")
    rng = random.Random(4)
    vocabulary = ["The", "cat", "sat", "ΟΔΟΣ", "ΑΣ.", "Straße", "İx", "don't", "a-b", "\u00a0x", "ok\n", "\t", "é", "中文", ""]
    texts = [" ".join(rng.choice(vocabulary) for _ in range(rng.randrange(12))) for _ in range(40)]
    words = []
    for num_words, oov, lower, char_level in [(None, None, True, False), (5, None, True, False), (6, "<oov>", True, False),
                                              (None, "UNK", False, False), (9, None, True, True)]:
        index, rows = keras(texts[:25], texts, num_words, oov, lower, char_level)
        words.append({
            "num_words": num_words, "oov": oov, "lower": lower, "char_level": char_level, "index": index,
            "rows": rows, "pre": pad(rows, 5, "pre", "pre", 0), "post": pad(rows, 5, "post", "post", 7),
        })
    with open(os.path.join(FIXTURES, "word-index.json"), "w", encoding="utf-8") as file:
        json.dump({"texts": texts, "cases": words}, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
    print(len(cases), "renderings;", sum("error" in case for case in cases), "errors")


if __name__ == "__main__":
    main()
