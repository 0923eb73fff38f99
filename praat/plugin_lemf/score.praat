# Scores the words of the selected TextGrid by their emphasis in the selected Sound.
# The installed command lemf does the work; its tiers come back in a new TextGrid, its table in the
# Info window.
form Score emphasis (lemf)
    comment Name of the command, or its path where Praat does not find it:
    sentence Command lemf
    optionmenu Cues: 2
        option paper
        option listeners
    comment Further options of lemf score, such as --sentences pause:0.4
    sentence Options
endform

if numberOfSelected ("Sound") <> 1 or numberOfSelected ("TextGrid") <> 1
    exitScript: "Select one Sound and one TextGrid, then choose this command again."
endif
sound = selected: "Sound"
textgrid = selected: "TextGrid"
name$ = selected$: "TextGrid"

# Files between Praat and lemf, with names that no file has: some Praats keep temporary files among
# those of the user
folder$ = replace$ (temporaryDirectory$, "\", "/", 0) + "/"
repeat
    base$ = folder$ + "lemf_" + string$ (randomInteger (1, 999999999)) + "_"
    wav$ = base$ + "input.wav"
    input$ = base$ + "input.TextGrid"
    output$ = base$ + "output.TextGrid"
    table$ = base$ + "table.txt"
    messages$ = base$ + "messages.txt"
    taken = fileReadable (wav$) + fileReadable (input$) + fileReadable (output$)
    taken = taken + fileReadable (table$) + fileReadable (messages$)
until taken = 0

selectObject: sound
Save as WAV file: wav$
selectObject: textgrid
Save as text file: input$

q$ = """"
line$ = command$ + " score " + q$ + wav$ + q$ + " " + q$ + input$ + q$
line$ = line$ + " --cues " + cues$ + " --textgrid " + q$ + output$ + q$ + " " + options$
line$ = line$ + " > " + q$ + table$ + q$ + " 2> " + q$ + messages$ + q$
runSystem_nocheck: line$

said$ = ""
if fileReadable: messages$
    said$ = readFile$: messages$
endif
if not fileReadable: output$
    @remove_files
    selectObject: sound, textgrid
    if said$ = ""
        said$ = "Error: " + command$ + " does not run; give its path, such as /home/me/.venv/bin/lemf"
    endif
    exitScript: said$
endif

scored$ = readFile$: table$
writeInfoLine: scored$
appendInfo: replace_regex$ (said$, "wrote .*\n", "", 0)
scores = Read from file: output$
Rename: name$ + "_emphasis"
@remove_files
selectObject: sound, scores

procedure remove_files
    deleteFile: wav$
    deleteFile: input$
    deleteFile: output$
    deleteFile: table$
    deleteFile: messages$
endproc
