# score.as: how good a submission is, where the right answers are known
cfg = params(submission="submission.csv", truth="labels.csv")

p = read_csv(cfg.submission, key="id")
display(p.head())
print(f"log loss {log_loss(read_csv(cfg.truth, key='id'), p):.4f}")
