with a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a:  # expect error: a 'with' takes at most 20 contexts
    pass
