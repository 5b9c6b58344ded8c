// Everything a script can call beyond the language's own functions: one line each, in order of name.

import ArenaLanguage

/// The functions of this module.
package let allBuiltins: [Builtin] = [
    blendFunction,
    classifierFunction,
    displayFunction,
    frameFunction,
    logLossFunction,
    paramsFunction,
    readCSVFunction,
    submitFunction,
    templateFunction,
    tokenizerFunction,
    writeCSVFunction,
]

/// The types of values these functions give, for help and documentation.
package let allHostTypes: [HostType] = [
    ClassifierValue.hostType,
    SeriesValue.hostType,
    FrameValue.hostType,
    ParamsValue.hostType,
    TemplateValue.hostType,
    TokenizerValue.hostType,
    TokensValue.hostType,
]
