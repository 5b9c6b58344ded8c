# infer.as: Gemma-2 9B nf4, unmerged LoRA, two GPUs, swap TTA
cfg = params(data="/kaggle/input/lmsys-chatbot-arena", model="/kaggle/input/gemma-2-9b-it-4bit",
             adapter="/kaggle/input/73zap2gx/checkpoint-5748", max_length=2048, tta=True)
TEXT   = ["prompt", "response_a", "response_b"]
LABELS = ["winner_model_a", "winner_model_b", "winner_tie"]

raw   = read_csv(cfg.data + "/test.csv", key="id")              # the key travels: columns, tokens, predictions
text  = raw.assign(**{c: raw[c].turns(read="python", null="").join(" ") for c in TEXT})   # as the adapter was trained
gemma = classifier(cfg.model, adapter=cfg.adapter, labels=LABELS, devices=2)
pair  = template("<prompt>: {prompt}\n\n<response_a>: {response_a}\n\n<response_b>: {response_b}")

def judge(df):
    return gemma.predict_proba(pair(df), max_length=cfg.max_length, add_eos_token=True)

p = judge(text)
if cfg.tta:
    q = judge(text.swap("response_a", "response_b")).swap("winner_model_a", "winner_model_b")
    p = blend([p, q])
submit(p, like=cfg.data + "/sample_submission.csv", to="submission.csv")
