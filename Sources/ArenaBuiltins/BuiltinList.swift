// Everything a script can call beyond the language's own functions: one line each, in order of name.

import ArenaLanguage

/// The functions of this module.
package let allBuiltins: [Builtin] = [
    basenameFunction,
    blendFunction,
    chooseFunction,
    classifierFunction,
    concatFunction,
    copyFunction,
    crosstabFunction,
    dirnameFunction,
    displayFunction,
    envFunction,
    existsFunction,
    fileSizeFunction,
    frameFunction,
    globFunction,
    groupKfoldFunction,
    hstackFunction,
    inputDirFunction,
    isDirFunction,
    isFileFunction,
    joinPathFunction,
    kfoldFunction,
    listdirFunction,
    logLossFunction,
    matrixFunction,
    mergeFunction,
    mkdirFunction,
    moduloFoldsFunction,
    normalizeFunction,
    openFunction,
    paramsFunction,
    readBytesFunction,
    readCSVFunction,
    readJSONFunction,
    readLinesFunction,
    readNpyFunction,
    readNpzFunction,
    readSQLiteFunction,
    readTextFunction,
    removeFunction,
    renameFunction,
    sqlFunction,
    stratifiedKfoldFunction,
    submitFunction,
    templateFunction,
    tokenizerFunction,
    tokensFunction,
    trainTestSplitFunction,
    unzipFunction,
    whereFunction,
    writeBytesFunction,
    writeCSVFunction,
    writeJSONFunction,
    writeLinesFunction,
    writeNpyFunction,
    writeNpzFunction,
    writeSQLiteFunction,
    writeTextFunction,
]

/// The types of values these functions give, for help and documentation.
package let allHostTypes: [HostType] = [
    ClassifierValue.hostType,
    SeriesValue.hostType,
    counterType,
    EnvironValue.hostType,
    FileValue.hostType,
    FrameValue.hostType,
    GroupedValue.hostType,
    MatchValue.hostType,
    ParamsValue.hostType,
    PatternValue.hostType,
    RandomValue.hostType,
    RowValue.hostType,
    TemplateValue.hostType,
    TokenListsValue.hostType,
    TokenizerValue.hostType,
    TokensValue.hostType,
]

private let modules: [Module] = [
    jsonModule,
    logModule,
    mathModule,
    osModule,
    randomModule,
    reModule,
    timeModule,
]

/// The modules of the library, as scripts know them.
package let allModules: [NamedValue] = modules.map(\.named)

/// What the modules hold, for help and documentation.
package let allModuleTypes: [HostType] = modules.map(\.type) + [pathModule.type]
