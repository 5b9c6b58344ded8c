os.system("ls")  # expect runtime error: os.system() would start another program
