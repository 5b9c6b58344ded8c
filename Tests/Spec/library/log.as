log.level("error")
log.debug("not shown")
log.info("not shown")
print(log)  # expect: <module log>
